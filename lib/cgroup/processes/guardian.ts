import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, GuardedKind, NativeError } from '../../../types/native';
import { loadNative } from '../../common/addon/load-native';
import { OwnedFd } from '../../common/addon/owned-fd';
import { watcher } from '../../common/addon/watcher';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { pauseSync } from '../../common/event-loop/timers';
import { type ExecutableFailure, findExecutable } from '../../process/launcher/executable';
import { refusedWith } from '../directory/refusal';
import { nowUs } from '../ends/note';
import { keepNotes, noteGuardian } from '../ends/tell-guardian';
import { readCommand } from './processes';

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

/** A directory that the guardian knows. */
interface Charge {
  kind: GuardedKind;
  /** A path of the directory around it; undefined as long as it is not made. */
  around: string | undefined;
  /** The directory itself, once it is identified. */
  fd?: number;
}

/** What this environment told it of, by name. */
const charges = new Map<string, Charge>();

/** The guardian that knows all of {@link charges}. */
let current: { pid: number; startedUs: number; unwatch: () => void } | undefined;

/**
 * Registers a directory with the guardian of this process, which is started if there is none. This happens before the
 * directory is made, so that a killed process never leaves an unknown directory behind.
 *
 * @param dirFd the directory around it
 * @param around its path, for a directory that nobody will {@link identifyGuarded}
 * @throws `ERR_MEMCAGE_GUARDIAN`; for a shortage the system's own error
 */
export function tellGuardian(dirFd: number, name: string, kind: GuardedKind, around?: string): void {
  const tell = (): void => {
    ensureGuardian();
    tellPatiently(() => loadNative().guard({ dirFd, name, kind }));
  };
  try {
    tell();
  } catch (error) {
    if (!refusedWith(error, ...ENDED)) throw error;
    tell();
  }
  charges.set(name, { kind, around });
}

/** Tells the guardian which directory has the name: on v1 a process in it may give it another. */
export function identifyGuarded(name: string, fd: number): void {
  const charge = charges.get(name);
  if (charge === undefined) return;
  Object.assign(charge, { around: `/proc/self/fd/${fd}/..`, fd });
  loadNative().identifyGuarded({ name, fd });
}

/** Tells the guardian that a directory is gone, or with `end` that it is to end it now. */
export function unguard(name: string, { end }: { end: boolean }): void {
  charges.delete(name);
  loadNative().unguard({ name, end });
}

/** A guardian that is new learns of everything. */
function ensureGuardian(): void {
  startGuardian();
  const native = loadNative();
  const pid = native.guardianPid();
  if (pid === current?.pid) return;
  const killed = current;
  killed?.unwatch();
  current = { pid, startedUs: nowUs(), unwatch: onGuardianEnd(replaceGuardian) };
  keepNotes(native);
  if (killed !== undefined) noteGuardian(native, killed.pid, killed.startedUs);
  try {
    for (const [name, charge] of charges) tellAgain(name, charge);
  } catch (error) {
    // The guardian does not know all, so the next time it is told of all once more.
    current.unwatch();
    current = undefined;
    throw error;
  }
}

/** Only SIGKILL ends the guardian before this process. */
function onGuardianEnd(callback: () => void): () => void {
  const native = loadNative();
  const fd = new OwnedFd(native, native.openGuardian());
  let unwatch: () => void;
  try {
    unwatch = watcher().event(fd.fd, 'event', callback);
  } catch (error) {
    fd.close();
    throw error;
  }
  return () => {
    unwatch();
    fd.close();
  };
}

function replaceGuardian(): void {
  if (charges.size === 0) {
    current?.unwatch();
    current = undefined;
    return;
  }
  try {
    ensureGuardian();
  } catch (error) {
    // The next cage starts one, or throws this.
    process.emitWarning(error as Error);
  }
}

function tellAgain(name: string, { kind, around, fd }: Charge): void {
  if (around === undefined) return;
  const native = loadNative();
  let dirFd: OwnedFd;
  try {
    dirFd = new OwnedFd(native, native.openDirectory({ path: around }));
  } catch (error) {
    // With what is around it, it is gone too.
    if (refusedWith(error, 'ENOENT', 'ENODEV')) return;
    throw error;
  }
  try {
    tellPatiently(() => native.guard({ dirFd: dirFd.fd, name, kind }));
    if (fd !== undefined) native.identifyGuarded({ name, fd });
  } finally {
    dirFd.close();
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
  // In a PID namespace, /proc may be that of outside, with other numbers.
  if (pid === current?.pid) return true;
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
  return new MemcageError(ErrorCode.GUARDIAN, words`${CANNOT_START}: ${detail}${CURE}${either}`, known);
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
