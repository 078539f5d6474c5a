import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { ProcessHandle } from '../handle';
import type { NodeSpawnOptions } from '../launch-contract';
import { isPipe } from '../stdio';
import { type PipeContext, PipeStream } from './pipe-stream';
import type { PipeEnd } from './stdio-option';
import { systemError } from './system-error';

const { EACCES, EAGAIN, EINVAL, EMFILE, ENFILE, ENOENT, ENOSYS, ESRCH } = constants.errno;

/** After these there are no streams. */
const SHORT_OF_FDS: ReadonlySet<number> = new Set([-EMFILE, -ENFILE]);
/** What Node reports by an event. Anything else it throws. */
const REPORTED: ReadonlySet<number> = new Set([...SHORT_OF_FDS, -EACCES, -EAGAIN, -ENOENT]);

/** Node's ChildProcess, as lib/internal/child_process.js has it, without a channel. */
export class OwnChild extends EventEmitter {
  pid: number | undefined;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  killed = false;
  readonly connected = false;
  readonly spawnfile: string;
  readonly spawnargs: readonly string[];
  stdin: PipeStream | null | undefined;
  stdout: PipeStream | null | undefined;
  stderr: PipeStream | null | undefined;
  stdio: (PipeStream | null)[] | undefined;
  #handle: ProcessHandle | undefined;
  /** The child, and its streams but stdin. */
  #open = 1;

  /** Starts the child. Throws what Node would throw, and what `handle.failure` holds. */
  constructor(handle: ProcessHandle, request: NodeSpawnOptions & { args: readonly string[] }, context: PipeContext) {
    super();
    this.spawnfile = request.file;
    this.spawnargs = request.args;
    this.#handle = handle;
    handle.onexit = (exitCode, signal) => this.#exited(exitCode, signal);
    const errno = handle.spawn(request);
    if (errno === 0) {
      process.nextTick(() => this.emit('spawn'));
    } else {
      if (!REPORTED.has(errno)) {
        handle.close();
        throw handle.failure === undefined ? this.#errorOf(errno, 'spawn') : handle.failure.error;
      }
      process.nextTick(() => this.#exited(errno, ''));
      if (SHORT_OF_FDS.has(errno)) return;
    }
    this.pid = handle.pid;
    this.#makeStreams(request, context);
  }

  kill(signal?: NodeJS.Signals | number): boolean {
    const number = signalNumber(signal) ?? constants.signals.SIGTERM;
    const errno = this.#handle?.kill(number) ?? -ESRCH;
    if (errno === 0) {
      this.killed = true;
      return true;
    }
    if (errno === -EINVAL || errno === -ENOSYS) throw systemError(errno, 'kill');
    if (errno !== -ESRCH) this.emit('error', systemError(errno, 'kill'));
    return false;
  }

  ref(): void {
    this.#handle?.ref();
  }

  unref(): void {
    this.#handle?.unref();
  }

  #makeStreams({ stdio }: NodeSpawnOptions, context: PipeContext): void {
    this.stdio = stdio.map((entry, index) => {
      if (!isPipe(entry)) return null;
      const directions = { readable: index > 0, writable: index === 0 || index > 2 };
      const stream = new PipeStream((entry.handle as PipeEnd).fd, directions, context);
      if (index > 0) {
        this.#open += 1;
        stream.on('close', () => this.#closed());
      }
      return stream;
    });
    const [stdin = null, stdout = null, stderr = null] = this.stdio;
    Object.assign(this, { stdin, stdout, stderr });
  }

  #exited(exitCode: number, signal: string): void {
    // What it has written comes before its end.
    for (const stream of this.stdio ?? []) if (!stream?.destroyed) stream?.catchUp();
    if (signal === '') this.exitCode = exitCode;
    else this.signalCode = signal as NodeJS.Signals;
    this.stdin?.destroy();
    const handle = this.#handle;
    this.#handle = undefined;
    handle?.close();
    if (exitCode < 0)
      this.emit('error', handle?.failure?.error ?? this.#errorOf(exitCode, `spawn ${this.spawnfile}`, handle));
    else this.emit('exit', this.exitCode, this.signalCode);
    // Those that nobody reads would never close.
    process.nextTick(() => {
      for (const stream of this.stdio ?? []) if (stream?.readable === true) stream.resume();
    });
    this.#closed();
  }

  #errorOf(errno: number, syscall: string, handle = this.#handle): Error {
    const error = systemError(errno, syscall);
    if (syscall !== 'spawn') Object.assign(error, { path: this.spawnfile, spawnargs: this.spawnargs.slice(1) });
    const cause = handle?.cause;
    if (cause === undefined) return error;
    return Object.defineProperty(error, 'cause', {
      value: cause,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }

  #closed(): void {
    this.#open -= 1;
    if (this.#open === 0) this.emit('close', this.exitCode, this.signalCode);
  }

  static {
    // Node 20.0 to 20.3 and older libraries of types lack Symbol.dispose.
    const dispose = (Symbol as { dispose?: symbol }).dispose;
    if (dispose !== undefined) {
      Object.defineProperty(OwnChild.prototype, dispose, {
        value(this: OwnChild) {
          if (!this.killed) this.kill();
        },
        writable: true,
        configurable: true,
      });
    }
  }
}

/** @returns undefined for none; 0 is one */
export function signalNumber(signal: unknown): number | undefined {
  if (signal === undefined || signal === null) return undefined;
  const { signals } = constants;
  if (typeof signal === 'number' && (signal === 0 || Object.values<number>(signals).includes(signal))) return signal;
  if (typeof signal === 'string') {
    const found = Object.entries<number>(signals).find(([name]) => name === signal.toUpperCase());
    if (found !== undefined) return found[1];
  }
  throw Object.assign(new TypeError(`Unknown signal: ${String(signal)}`), { code: 'ERR_UNKNOWN_SIGNAL' });
}
