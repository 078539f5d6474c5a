import type { MemcageError } from '../../../../index';
import { FAILED } from '../../command';
import { inFlags } from '../../flags';
import { complain } from '../../text/output';
import { isAboutOption } from '../../usage';
import type { CagedRequest } from './caged';
import { whyNoCommand } from './why-not-run';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The machine is short of something, which says nothing about the command. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * Says why a command was not started, and returns the exit code. env(1), timeout(1) and docker run have the same three. Throws an error
 * about an option again: that is wrong usage.
 */
export function reportStartError(
  { file, flags, child }: Pick<CagedRequest, 'file' | 'flags' | 'child'>,
  told: (NodeJS.ErrnoException & Pick<MemcageError, 'words'>) | null,
): number {
  const error: typeof told & Error = told ?? new Error('it could not be started');
  const { code, syscall, message } = error;
  if (isAboutOption(error)) throw error;
  const ours = code?.startsWith('ERR_') ?? true;
  complain(ours ? inFlags(error, flags) : `can't run '${file}': ${whyNoCommand(file, error, child) ?? message}`);
  // `syscall` is 'spawn FILE' or 'spawn' in Node's error, and the system call in memcage's, which is in the outcome.
  const refused = (syscall?.startsWith('spawn') || syscall === 'execve') && !SHORTAGES.has(code);
  if (ours || !refused) return FAILED;
  return code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}
