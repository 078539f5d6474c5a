import { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import type { Refs } from '../common/addon/watcher';
import {
  type Launch,
  type Launched,
  type NodeSpawnOptions,
  programOf,
  type Refused,
  textOrEmpty,
} from './launch-contract';
import { type OpenedStdio, openStdio, type StdioBinding } from './stdio';

/** Gets a negative errno as `exitCode` if the status is unknown. `signal` is '' if no signal ended the child. */
export type OnExit = (exitCode: number, signal: string) => void;

export interface ProcessHandleOptions {
  launch: Launch;
  binding: StdioBinding;
  refs: Refs;
}

const { EACCES, EAGAIN, ECANCELED, EINVAL, ENOENT, ESRCH } = constants.errno;

// After these errnos ChildProcess.prototype.spawn reports the error later, and still makes streams of the pipes,
// which then see EOF. After any other errno (it throws, or stops at EMFILE and ENFILE) nobody uses the pipes any
// more.
const ERRNOS_WITH_STREAMS: ReadonlySet<number> = new Set([-EACCES, -EAGAIN, -ENOENT]);

/** Replaces the `process_wrap` handle that Node's ChildProcess drives, and behaves like it. */
export class ProcessHandle {
  /** Set only by a successful spawn, as in process_wrap.cc. */
  pid: number | undefined;
  onexit: OnExit | undefined;
  /**
   * What `launch` threw: Node knows only errnos, so `spawn` returned -ECANCELED for it. Or what `onexit` is called for: the
   * child never became its program.
   */
  failure: { readonly error: unknown } | undefined;
  /** The cause of the error that Node makes of an errno. */
  cause: Error | undefined;

  readonly #options: ProcessHandleOptions;
  // Listeners for 'exit' run in the context of spawn(), as with Node's own handles, which are async resources.
  readonly #resource = new AsyncResource('PROCESSWRAP');
  #started = false;
  #closed = false;
  #refed = true;
  #child: Launched | undefined;

  constructor(options: ProcessHandleOptions) {
    this.#options = options;
  }

  /** Returns 0 or a negative errno. */
  spawn(request: NodeSpawnOptions): number {
    if (this.#started || this.#closed) return -EINVAL;
    this.#started = true;
    try {
      return this.#start(request);
    } catch (error) {
      this.failure = { error };
      return -ECANCELED;
    }
  }

  /** Returns 0 or a negative errno. */
  kill(signal: number): number {
    return this.#child === undefined ? -ESRCH : this.#child.kill(signal);
  }

  close(callback?: () => void): void {
    if (this.#closed) return;
    if (this.#child !== undefined && this.#refed) this.#options.refs.release();
    // No exit is reported from now on. Whoever launched the child still reaps it.
    this.#child = undefined;
    this.#closed = true;
    this.#resource.emitDestroy();
    if (typeof callback === 'function') setImmediate(callback);
  }

  ref(): void {
    this.#setRef(true);
  }

  unref(): void {
    this.#setRef(false);
  }

  hasRef(): boolean {
    return this.#started && !this.#closed && this.#refed;
  }

  #setRef(ref: boolean): void {
    // Has no effect before spawn, because uv_spawn initialises the handle and its ref flag.
    if (!this.#started || this.#closed || ref === this.#refed) return;
    this.#refed = ref;
    if (this.#child === undefined) return;
    if (ref) this.#options.refs.acquire();
    else this.#options.refs.release();
  }

  #start(request: NodeSpawnOptions): number {
    const stdio = openStdio(request.stdio, this.#options.binding);
    if ('errno' in stdio) return stdio.errno;

    const launched = this.#launch(request, stdio);
    if ('errno' in launched) {
      this.cause = launched.cause;
      if (!ERRNOS_WITH_STREAMS.has(launched.errno)) stdio.abandon();
      return launched.errno;
    }
    this.pid = launched.pid;
    this.#child = launched;
    this.#options.refs.acquire();
    return 0;
  }

  #launch(request: NodeSpawnOptions, stdio: OpenedStdio): Launched | Refused {
    try {
      return this.#options.launch(
        { ...programOf(request, textOrEmpty), stdio: stdio.fds },
        (exitCode, signal, errno, { instead, cause } = {}) => {
          if (instead !== undefined) this.failure = { error: instead };
          if (cause !== undefined) this.cause = cause;
          this.#end(errno === 0 ? (exitCode ?? 0) : errno, signal ?? '');
        },
      );
    } catch (error) {
      stdio.abandon();
      throw error;
    } finally {
      stdio.releaseChildEnds();
    }
  }

  #end(exitCode: number, signal: string): void {
    if (this.#child === undefined) return;
    this.#child = undefined;
    if (this.#refed) this.#options.refs.release();
    this.#resource.runInAsyncScope(() => this.onexit?.(exitCode, signal));
  }
}
