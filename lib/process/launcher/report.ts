import { fstatSync, readSync, writeSync } from 'node:fs';
import type { CloneFailure, NativeBinding } from '../../../types/native';
import { isStage } from '../../common/addon/load-native';
import { OwnedFd } from '../../common/addon/owned-fd';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { runtimeName } from '../../common/machine/versions';

// Room for a path and the rest of a message.
const LONGEST = 8192;

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
  const close = (): void => {
    ours.close();
    its.close();
  };
  try {
    assertReadable(ourFd);
  } catch (error) {
    close();
    throw error;
  }
  return {
    fd: itsFd,
    started: () => its.close(),
    letThrough: () => {
      if (ours.fd >= 0) sendByte(ours.fd);
    },
    wait(timeoutMs) {
      its.close();
      return native.waitReadable({ fd: ours.fd, timeoutMs });
    },
    read() {
      its.close();
      try {
        return parse(readAll(ours.fd));
      } finally {
        ours.close();
      }
    },
    close,
  };
}

/** Checks this before a program is started whose failure could not be read. */
function assertReadable(fd: number): void {
  try {
    fstatSync(fd);
  } catch (cause) {
    throw new MemcageError(
      ErrorCode.UNSUPPORTED_NODE,
      `The file functions of ${runtimeName()} can't read file descriptors that they did not open themselves, so no child was started`,
      { cause },
    );
  }
}

function sendByte(fd: number): void {
  try {
    writeSync(fd, '\n');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error;
  }
}

function readAll(fd: number): string {
  const buffer = Buffer.allocUnsafe(LONGEST);
  let length = 0;
  while (length < LONGEST) {
    const count = readOnce(fd, buffer, length);
    if (count === 0) break;
    length += count;
  }
  return buffer.toString('utf8', 0, length);
}

function readOnce(fd: number, buffer: Buffer, offset: number): number {
  try {
    return readSync(fd, buffer, offset, LONGEST - offset, null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EAGAIN: something that the program left running holds the other end. That can't happen, as it is closed on exec.
    // ECONNRESET: the launcher was killed before it read the byte that lets it through. What it wrote comes before that.
    if (code === 'EAGAIN' || code === 'ECONNRESET') return 0;
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
