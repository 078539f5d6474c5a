import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, GuardedKind, NativeError } from '../../types/native';
import { loadNative } from '../addon/load-native';
import { refusedWith } from '../cgroup/directory/refusal';
import { readCommand } from '../cgroup/processes/processes';
import { ErrorCode, MemcageError } from '../errors/errors';
import { pauseSync } from '../event-loop/pause-sync';
import { type ExecutableFailure, findExecutable } from './executable';

/** Shortages: the next start may succeed. */
const SHORTAGES: ReadonlySet<number> = new Set(
  (['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'] as const).map((name) => -constants.errno[name]),
);
/** The guardian has ended. While this process lives, only a signal makes it do that. */
const ENDED = ['EPIPE', 'ECONNRESET', 'ENOTCONN'];

const CANNOT_START = "The guardian, which ends the cages when this process is killed, can't be started";
const WITHOUT = 'set MEMCAGE_GUARDIAN=0 in the environment, or call prepare({ guardian: false })';

const LONGEST_WAIT_MS = 32;

/** Says whose guardian it is: native/guardian/protocol.h. */
const ARGUMENT = '--guardian=';

let wanted = process.env['MEMCAGE_GUARDIAN'] !== '0';

/** Whether a guardian is to end what this environment makes from now on, if the process is killed. */
export function wantsGuardian(): boolean {
  return wanted;
}

export function setGuardian(on: boolean): void {
  wanted = on;
}

/**
 * Registers a directory with the guardian of this process, which is started if there is none. This happens before the
 * directory is made, so that a killed process never leaves an unknown directory behind.
 *
 * @param dirFd the directory around it
 * @throws `ERR_MEMCAGE_GUARDIAN`; for a shortage the system's own error
 */
export function tellGuardian(dirFd: number, name: string, kind: GuardedKind): void {
  startGuardian();
  const tell = (): void => loadNative().guard({ dirFd, name, kind });
  try {
    tellPatiently(tell);
  } catch (error) {
    if (!refusedWith(error, ...ENDED)) throw error;
    startGuardian();
    tellPatiently(tell);
  }
}

/** The kernel keeps a few dozen messages for the guardian. On a busy machine it may need a moment to read them. */
function tellPatiently(tell: () => void): void {
  for (let waitMs = 1; ; waitMs *= 2) {
    try {
      tell();
      return;
    } catch (error) {
      if (!refusedWith(error, 'EAGAIN')) throw error;
      if (waitMs > LONGEST_WAIT_MS) throw stuck(error as NativeError);
      pauseSync(waitMs);
    }
  }
}

function stuck(cause: NativeError): MemcageError {
  const pid = loadNative().guardianPid();
  const { errno, syscall } = cause;
  return new MemcageError(
    ErrorCode.GUARDIAN,
    `The guardian, which ends the cages when this process is killed, does not respond: its process ${pid} is stopped, or ` +
      `gets no processor time. \`kill -CONT ${pid}\` lets it go on; MEMCAGE_GUARDIAN=0 in the environment does without it`,
    { errno, syscall, cause },
  );
}

/**
 * Whether a process is a guardian of this one: its present one, or one that it has dismissed, and that is still there for a
 * moment.
 */
export function isGuardian(pid: number): boolean {
  const [, , argument] = readCommand(pid);
  return argument === `${ARGUMENT}${process.pid}`;
}

function startGuardian(): void {
  const file = findExecutable();
  if (typeof file !== 'string') throw withoutExecutable(file);
  const failure = loadNative().startGuardian({ file });
  if (failure !== null) throw asError(failure);
}

/** The error of {@link tellGuardian} that can be known before: the guardian's program can't be run. */
export function foreseenGuardianError(): MemcageError | undefined {
  const file = findExecutable();
  return typeof file === 'string' ? undefined : withoutExecutable(file);
}

function withoutExecutable({ detail, cure, ...known }: ExecutableFailure): MemcageError {
  const either = `${cure}; or ${WITHOUT}`;
  return new MemcageError(ErrorCode.GUARDIAN, `${CANNOT_START}: ${detail}. Cure: ${either}`, {
    ...known,
    cure: either,
  });
}

function asError(failure: CloneFailure): Error {
  const { stage, errno, path, syscall } = failure;
  const code = getSystemErrorName(errno);
  if (SHORTAGES.has(errno)) {
    return Object.assign(new Error(`The guardian can't be started: ${code}`), { code, errno, syscall, stage });
  }
  return new MemcageError(
    ErrorCode.GUARDIAN,
    `${CANNOT_START}: ${stage} ${path}: ${code}. To do without it: ${WITHOUT}`,
    { errno, syscall, stage, path },
  );
}
