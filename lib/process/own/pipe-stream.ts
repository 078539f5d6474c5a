import { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import type { NativeBinding } from '../../../types/native';
import type { StreamWatch, Watcher } from '../../common/addon/watcher';
import { errnoOf } from '../stdio';
import { systemError } from './system-error';

type PipeNative = Pick<
  NativeBinding,
  'socketPair' | 'closeFd' | 'giveFdAway' | 'socketRead' | 'socketWrite' | 'socketEnd'
>;

export interface PipeContext {
  native: PipeNative;
  watcher: Pick<Watcher, 'refs' | 'stream'>;
}

const CHUNK_BYTES = 64 * 1024;
/** How much is read at a time before others have their turn. More than the kernel keeps for a socket. */
const MOST_CHUNKS = 4;

/** Copied from at once, since most of what is read is short. */
let chunk: Buffer | undefined;

interface PendingWrite {
  data: Uint8Array;
  done: (error?: Error | null) => void;
}

/** The parent's end of a pipe of a child, as Node's `net.Socket` is: while it waits for the child, it keeps the process alive. */
export class PipeStream extends Duplex {
  readonly #fd: number;
  readonly #context: PipeContext;
  readonly #watch: StreamWatch;
  readonly #resource = new AsyncResource('PIPEWRAP');
  #reads = false;
  #pending: PendingWrite | undefined;
  #isArmed = false;
  #isRefed = true;
  #holds = false;

  constructor(fd: number, directions: { readable: boolean; writable: boolean }, context: PipeContext) {
    super({ ...directions, allowHalfOpen: false });
    this.#fd = fd;
    this.#context = context;
    this.#watch = context.watcher.stream(fd, () => this.#resource.runInAsyncScope(() => this.#ready()));
    // As Node's, it reads what there is before anybody asks, up to its high-water mark.
    if (directions.readable) this.read(0);
  }

  ref(): this {
    this.#isRefed = true;
    this.#update();
    return this;
  }

  unref(): this {
    this.#isRefed = false;
    this.#update();
    return this;
  }

  /** Reads what the child has written by now. */
  catchUp(): void {
    if (this.#reads) this.#receive();
    this.#update();
  }

  override _read(): void {
    this.#reads = true;
    this.#update();
  }

  override _write(data: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pending = { data, done };
    this.#send();
    this.#update();
  }

  override _final(done: (error?: Error | null) => void): void {
    try {
      this.#context.native.socketEnd({ fd: this.#fd });
    } catch (error) {
      // The other end may be gone, which is an end too.
      if (errnoOf(error) !== -constants.errno.ENOTCONN) {
        done(error as Error);
        return;
      }
    }
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const pending = this.#pending;
    this.#reads = false;
    this.#pending = undefined;
    this.#update();
    this.#watch.stop();
    this.#context.native.closeFd({ fd: this.#fd });
    this.#resource.emitDestroy();
    pending?.done(systemError(-constants.errno.ECANCELED, 'write'));
    done(error);
  }

  #ready(): void {
    this.#isArmed = false;
    if (this.#pending !== undefined) this.#send();
    if (this.#reads) this.#receive();
    this.#update();
  }

  /** Waits for what it wants, and keeps the process alive for that. */
  #update(): void {
    const reads = this.#reads;
    const writes = this.#pending !== undefined;
    const isWaiting = (reads || writes) && !this.destroyed;
    if (isWaiting && !this.#isArmed) {
      try {
        this.#watch.arm({ reads, writes });
        this.#isArmed = true;
      } catch (error) {
        // The machine is short of what epoll needs.
        this.destroy(error as Error);
        return;
      }
    }
    const holds = isWaiting && this.#isRefed;
    if (holds === this.#holds) return;
    this.#holds = holds;
    const { refs } = this.#context.watcher;
    if (holds) refs.acquire();
    else refs.release();
  }

  #receive(): void {
    const { native } = this.#context;
    chunk ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (let count = 0; this.#reads && count < MOST_CHUNKS; count += 1) {
      let length: number | null;
      try {
        length = native.socketRead({ fd: this.#fd, buffer: chunk });
      } catch (error) {
        this.#reads = false;
        this.destroy(asNodes(error, 'read'));
        return;
      }
      if (length === null) return;
      // Before the push, within which the next read may be asked for.
      this.#reads = false;
      if (length === 0) this.push(null);
      else if (this.push(Buffer.from(chunk.subarray(0, length)))) this.#reads = !this.destroyed;
    }
  }

  #send(): void {
    const { native } = this.#context;
    for (let pending = this.#pending; pending !== undefined; ) {
      let length: number | null;
      try {
        length = native.socketWrite({ fd: this.#fd, data: pending.data });
      } catch (error) {
        this.#pending = undefined;
        pending.done(asNodes(error, 'write'));
        return;
      }
      if (length === null) return;
      pending.data = pending.data.subarray(length);
      if (pending.data.length > 0) continue;
      // Before the call, within which the next write may begin.
      this.#pending = undefined;
      pending.done();
      return;
    }
  }
}

/** Node names the operation, not the system call. */
function asNodes(error: unknown, operation: 'read' | 'write'): Error {
  const errno = errnoOf(error);
  return errno === undefined ? (error as Error) : systemError(errno, operation);
}
