import { statSync } from 'node:fs';
import { inspect } from 'node:util';
import { type WhyNotRun, whyNotRun } from '../../common/machine/why-not-run';
import { printable } from '../../common/text/names';

interface StartedWith {
  file: string;
  args: readonly string[];
  cwd: unknown;
  /** The child has files of its own, which nobody here looks at. */
  hasRoot: boolean;
}

/**
 * What most likely was the mistake of who could not start a program, of which Node and the kernel only say ENOENT or the like: its
 * directory, a whole command line instead of the program, or the program's own file.
 */
export function whyNotStarted(
  { code, syscall, cause }: NodeJS.ErrnoException,
  { file, args, cwd, hasRoot }: StartedWith,
): WhyNotRun | undefined {
  // Something failed before the program did.
  if (cause !== undefined || syscall?.startsWith('spawn') !== true) return undefined;
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  if (isMissing && !hasRoot && (typeof cwd === 'string' || cwd instanceof URL) && !isDirectory(cwd)) {
    return { why: `there is no directory ${printable(String(cwd))} (cwd)` };
  }
  if (!isMissing || args.length > 0 || !/\S\s+\S/.test(file)) return whyNotRun(file, code, { cwd, hasRoot });
  const isForShell = /[|<>&;*?$`"']/.test(file);
  const [program, list] = isForShell ? ['sh', ['-c', file]] : splitAtBlanks(file);
  return { why: `did you mean run(${inspect(program)}, ${inspect(list, { breakLength: Number.POSITIVE_INFINITY })})?` };
}

function splitAtBlanks(line: string): [program: string, args: string[]] {
  const [program = '', ...args] = line.trim().split(/\s+/);
  return [program, args];
}

function isDirectory(path: string | URL): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
