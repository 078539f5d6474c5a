import { constants } from 'node:os';
import { FAILED } from '../../command';
import { complain } from '../../text/complain';
import { inFlags } from './in-flags';
import type { CagedRequest } from './request';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The machine is short of something, which says nothing about the command. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** The code that a shell would report. Node has no names for real-time signals; memcage calls them SIG34 and so on. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? Number(signal.slice('SIG'.length)));
}

/** Ends this process at a signal, with its cages. */
export function exitOnSignals(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) {
    // The exit handler closes the cages. The signal's default action would pass over it.
    process.once(signal, () => process.exit(exitCodeOf(signal)));
  }
}

/** env(1), timeout(1) and docker run have the same three codes. */
export function reportStartError({ file, root }: CagedRequest, error: NodeJS.ErrnoException | undefined): number {
  const message = error?.message ?? 'it could not be started';
  const { code, syscall } = error ?? {};
  // `syscall` is 'spawn FILE' or 'spawn' in Node's error, and the system call in memcage's, which is in the outcome.
  const refused = (syscall?.startsWith('spawn') || syscall === 'execve') && !SHORTAGES.has(code);
  const ours = code?.startsWith('ERR_') ?? true;
  complain(ours ? inFlags(message, root) : `can't run '${file}': ${message}`);
  if (ours || !refused) return FAILED;
  return code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}
