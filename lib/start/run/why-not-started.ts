import { statSync } from 'node:fs';
import { inspect } from 'node:util';
import { printable } from '../../common/text/names';

interface StartedWith {
  args: readonly string[];
  cwd: unknown;
  /** The child has files of its own, which nobody here looks at. */
  hasRoot: boolean;
}

/**
 * What most likely was the mistake of who could not start a program, of which Node and the kernel only say ENOENT: its directory, or
 * a whole command line instead of the program.
 */
export function whyNotStarted(
  { code, path: file }: NodeJS.ErrnoException,
  { args, cwd, hasRoot }: StartedWith,
): string | undefined {
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return undefined;
  if (!hasRoot && (typeof cwd === 'string' || cwd instanceof URL) && !isDirectory(cwd)) {
    return `there is no directory ${printable(String(cwd))} (cwd)`;
  }
  if (file === undefined || args.length > 0 || !/\S\s+\S/.test(file)) return undefined;
  const isForShell = /[|<>&;*?$`"']/.test(file);
  const [program, list] = isForShell ? ['sh', ['-c', file]] : splitAtBlanks(file);
  return `did you mean run(${inspect(program)}, ${inspect(list, { breakLength: Number.POSITIVE_INFINITY })})?`;
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
