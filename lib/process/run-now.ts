import { constants } from 'node:os';
import type { AttendedPipe, NativeBinding } from '../../types/native';
import {
  type EarlyRequest,
  type Ended,
  isSpawnRequest,
  type NodeSpawnOptions,
  programOf,
  type SyncLaunch,
} from './launch-contract';
import { isPipe, openStdio, type StdioEntry } from './stdio';

/** The options that Node's synchronous functions pass to their binding. */
export interface SyncRequest extends NodeSpawnOptions {
  stdio: readonly SyncStdioEntry[];
  timeout?: number | null | undefined;
  maxBuffer?: number | null | undefined;
  killSignal?: number | null | undefined;
}

interface SyncStdioEntry extends StdioEntry {
  readable?: boolean;
  writable?: boolean;
  input?: unknown;
}

/** What the binding returns. `pid` is 0 for a child that never started. */
export interface SyncResult {
  /** Negative errno. */
  error?: number;
  status: number | null;
  signal: string | null;
  output: (Buffer | null)[] | null;
  pid: number;
}

export type SyncNative = Pick<NativeBinding, 'socketPair' | 'closeFd' | 'giveFdAway' | 'attend' | 'monotonicNs'>;

const NS_PER_MS = 1e6;

/**
 * Does what the binding's `spawn` does: starts the child, serves its pipes, and returns when it has ended and they are closed.
 */
export function runNow(request: SyncRequest, launch: SyncLaunch, native: SyncNative): SyncResult {
  // The timeout counts from the call, not from the start of the child, as in Node.
  const deadlineNs = request.timeout ? native.monotonicNs() + request.timeout * NS_PER_MS : undefined;
  const ends = request.stdio.map((entry) => (isPipe(entry) ? new PipeEnd(entry, native) : undefined));
  const pipes = ends.filter((end) => end !== undefined);
  if (pipes.some(({ isValid }) => !isValid)) return unstarted(-constants.errno.EINVAL);
  const stdio = openStdio(
    request.stdio.map((entry, index): StdioEntry => {
      const handle = ends[index];
      return handle === undefined ? entry : { type: 'pipe', handle };
    }),
    native,
  );
  if ('errno' in stdio) return unstarted(stdio.errno);
  try {
    let error = 0;
    let outputs: readonly (Buffer | null)[] = [];
    // The binding of the asynchronous functions ignores '', this one takes it for a directory that does not exist.
    const plan = { ...programOf(request), ...(request.cwd === '' && { cwd: '' }) };
    const ended = launch({ ...plan, stdio: stdio.fds }, (pidfd) => {
      stdio.releaseChildEnds();
      const attended = native.attend({
        pidfd,
        pipes: pipes.map((pipe) => pipe.plan()),
        maxBytes: request.maxBuffer ?? 0,
        killSignal: request.killSignal ?? constants.signals.SIGTERM,
        ...(deadlineNs !== undefined && { deadlineNs }),
      });
      ({ error, output: outputs } = attended);
      return attended;
    });
    if (!('pid' in ended)) return unstarted(ended.errno);
    const collected = new Map(pipes.map((pipe, index) => [pipe, outputs[index] ?? null]));
    return resultOf(
      ended,
      error,
      ends.map((end) => (end && collected.get(end)) ?? null),
    );
  } finally {
    stdio.abandon();
  }
}

/** Whether {@link runNow} can work with this. */
export function isSyncRequest(request: unknown): request is SyncRequest {
  if (typeof request !== 'object' || request === null) return false;
  return isSpawnRequest(request as EarlyRequest) && Array.isArray((request as Partial<SyncRequest>).stdio);
}

function resultOf({ pid, exitCode, signal, errno }: Ended, error: number, output: (Buffer | null)[]): SyncResult {
  const failed = error === 0 ? errno : error;
  return {
    ...(failed !== 0 && { error: failed }),
    status: exitCode,
    // Node has no name for other signals.
    signal: signal === null || signal in constants.signals ? signal : '',
    output,
    pid,
  };
}

function unstarted(error: number): SyncResult {
  return { error, status: null, signal: null, output: null, pid: 0 };
}

/** The parent's end of a pipe, where an asynchronous child has a stream handle. */
class PipeEnd {
  fd = -1;
  // The addon must close it: a worker may be terminated while it waits for the child.
  readonly isOurs = true;
  readonly isValid: boolean;

  constructor(
    private readonly entry: SyncStdioEntry,
    private readonly native: Pick<NativeBinding, 'closeFd'>,
  ) {
    const { input } = entry;
    this.isValid = !entry.readable || input === undefined || input === null || ArrayBuffer.isView(input);
  }

  open(fd: number): void {
    this.fd = fd;
  }

  close(): void {
    if (this.fd >= 0) this.native.closeFd({ fd: this.fd });
    this.fd = -1;
  }

  plan(): AttendedPipe {
    const { readable, writable, input } = this.entry;
    return {
      fd: this.fd,
      writes: readable === true,
      reads: writable === true,
      ...(ArrayBuffer.isView(input) && { input: bytesOf(input) }),
    };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
