import { constants } from 'node:os';
import type { CloneFailure, NativeBinding } from '../../../types/native';
import { isStage } from '../../common/addon/load-native';
import { OwnedFd } from '../../common/addon/owned-fd';
import { systemError } from '../own/system-error';

// Room for a path and the rest of a message.
const LONGEST = 8192;
const HEARS_WITHIN_MS = 100;

/** Through this channel the launcher says why it started no program. */
export interface ReportChannel {
  /** The launcher inherits this fd, and closes it on exec. */
  readonly fd: number;
  /** Closes `fd`, the caller's copy: the launcher has its own. */
  started(): void;
  /** Lets a launcher go on that waits at a gate. You may call it once that has ended, or all is closed. */
  letThrough(): void;
  /**
   * Waits until the program has started or failed to; false if neither happened in time. Closes `fd`, the caller's
   * copy.
   */
  wait(timeoutMs: number): boolean;
  /**
   * Undefined if the launcher wrote nothing: the program was started, or the launcher was killed first. Call it once:
   * it closes everything.
   */
  read(): CloneFailure | undefined;
  /** For a launcher that was never started. You can call it again, or after {@link read}. */
  close(): void;
}

export function openReport(native: NativeBinding): ReportChannel {
  const [ourFd, itsFd] = native.socketPair();
  const ours = new OwnedFd(native, ourFd);
  const its = new OwnedFd(native, itsFd);
  return {
    fd: itsFd,
    started: () => its.close(),
    letThrough: () => {
      if (ours.fd >= 0) sendByte(native, ours.fd);
    },
    wait(timeoutMs) {
      its.close();
      return native.waitReadable({ fd: ours.fd, timeoutMs });
    },
    read() {
      its.close();
      try {
        return parse(readAll(native, ours.fd));
      } finally {
        ours.close();
      }
    },
    close() {
      ours.close();
      its.close();
    },
  };
}

function sendByte(native: NativeBinding, fd: number): void {
  try {
    const sent = native.socketWrite({ fd, data: Buffer.from('\n') });
    // The socket is empty, so there is room. Without the byte the launcher would wait for ever.
    if (sent === null) throw systemError(-constants.errno.EAGAIN, 'sendto');
  } catch (error) {
    // Of a launcher that has ended there is a report to read, or the end of the socket: this end hears of it a moment later.
    if (!native.waitReadable({ fd, timeoutMs: HEARS_WITHIN_MS })) throw error;
  }
}

function readAll(native: NativeBinding, fd: number): string {
  const buffer = Buffer.allocUnsafe(LONGEST);
  let length = 0;
  while (length < LONGEST) {
    const count = readOnce(native, fd, buffer.subarray(length));
    if (count === 0) break;
    length += count;
  }
  return buffer.toString('utf8', 0, length);
}

function readOnce(native: NativeBinding, fd: number, buffer: Buffer): number {
  try {
    // Null: something that the program left running holds the other end. That can't happen, as it is closed on exec.
    return native.socketRead({ fd, buffer }) ?? 0;
  } catch (error) {
    // The launcher was killed before it read the byte that lets it through. What it wrote comes before that.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return 0;
    throw error;
  }
}

/** The format is "STAGE ERRNO CALL SUBJECT"; CALL is `-` for a refusal that is not the kernel's. */
function parse(text: string): CloneFailure | undefined {
  if (text === '') return undefined;
  const [stage = '', errno = '', call, ...subject] = text.split(' ');
  if (!isStage(stage)) throw new Error(`memcage-exec reported ${text}`);
  return { stage, errno: Number(errno), path: subject.join(' '), ...(call !== '-' && { syscall: call }) };
}
