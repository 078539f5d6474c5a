import { whyNotRun } from '../../../../common/machine/why-not-run';
import { shellWord } from '../../../../common/text/names';
import type { CagedRequest } from './caged';

type Reason = Pick<NodeJS.ErrnoException, 'code' | 'syscall'>;

/** Why a command that was not started can't be run, and what to type instead; undefined: only the kernel knows. */
export function whyNoCommand(
  file: string,
  { code, syscall }: Reason,
  { cwd, root }: Pick<CagedRequest['child'], 'cwd' | 'root'>,
): string | undefined {
  if (syscall !== 'execve' && !syscall?.startsWith('spawn')) return undefined;
  const known = whyNotRun(file, code, { cwd, hasRoot: root !== undefined });
  if (known === undefined) return undefined;
  const why = `${known.why} (${code})`;
  if (code === 'ENOENT' && /^\d[\d.]*[kmgtp](?:i?b)?$/i.test(file)) return `${why}. If it is the limit: -m ${file}`;
  const cure = (code === 'ENOENT' && !file.includes('/') ? cureOfLine(file) : undefined) ?? known.cure;
  return cure === undefined ? why : `${why}. Cure: ${cure}`;
}

/** For a whole command line instead of a program. */
function cureOfLine(file: string): string | undefined {
  if (!/\s/.test(file)) return undefined;
  // What only a shell understands would be done outside of the cage.
  return /[|<>&;*?$`]/.test(file) ? `sh -c ${shellWord(file)}` : `write its arguments as words of their own: ${file}`;
}
