// The public types that refer to each other: a cage starts children with options, an option names a cage, and a child
// has one.
import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  ExecException,
  ExecFileException,
  ExecFileOptions as NodeExecFileOptions,
  ExecOptions as NodeExecOptions,
  ForkOptions as NodeForkOptions,
  SpawnOptions as NodeSpawnOptions,
  StdioNull,
  StdioPipe,
} from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type {
  CageThreshold,
  CpuOption,
  Enforce,
  MemoryOption,
  NamespaceOptions,
  NodeHeapOption,
  PidsOption,
  RootOptions,
  StallOption,
} from '../../../types/options';
import type { EnforcedBy, MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { Exactly } from '../../common/options/exact-options';
import type { Output, OutputEncoding } from '../../process/collect-output';
import type { CageEvents } from './cage-events';
import type { CageLimitOptions, ChildSettingsOptions } from './limit-options';

/** What memcage adds to the options of Node's `child_process.spawn`. */
export interface CageOptions extends ChildSettingsOptions {
  /**
   * Limits of a private cage for the child and all its descendants. With `cage`, memcage makes the private cage within
   * that one. Default: no private cage.
   */
  memory?: MemoryOption;
  /** Limit of the processes and threads in that cage. Makes a private cage as `memory` does. Default: none. */
  pids?: PidsOption;
  /** Limit of the processors that it uses. Makes a private cage as `memory` does. Default: none. */
  cpu?: CpuOption;
  /**
   * Processor time that the child and all its descendants may use together, in milliseconds, a positive integer. At the
   * limit memcage kills them. Makes a private cage as `memory` does; not with `detached`. Default: none.
   */
  cpuTimeMs?: number;
  /**
   * How long the child and its descendants may get nowhere because of memory, before memcage kills them. Makes a private
   * cage as `memory` does; not with `detached`. Default: none.
   *
   * @see docs/stall.md
   */
  stall?: StallOption;
  /**
   * Uses of the private cage's memory at which it emits 'threshold': sizes, or percentages of `memory.max`. Default: none.
   *
   * @see docs/events.md
   */
  thresholds?: readonly CageThreshold[];
  /** The shared cage to start in, from {@link createCage}. Default: that of `contain()` around the call, if any. */
  cage?: SharedCage | SharedCage<Cgroup | null>;
  /** Namespaces of the child's own. Default: it shares the parent's. */
  namespaces?: NamespaceOptions;
  /**
   * A root directory of the child's own: which files it sees, and which it can write to. It gets a mount namespace, and,
   * unless `namespaces.pid` says otherwise, a PID namespace with an init. Default: it shares the parent's.
   *
   * @see docs/files.md
   */
  root?: RootOptions;
  /** The memory cgroup in which to make a private cage. Default: memcage finds one, see {@link prepare}. */
  parent?: Cgroup | string;
  /**
   * Let processes that the child leaves in its private cage live on. The cage is removed when the last of them has
   * ended, and at the latest with the Node process. An error with a PID namespace, in which nothing outlives the first
   * process. Default: false, they are killed when the child ends.
   */
  keepDescendants?: boolean;
  /**
   * Limit of the JavaScript heap of a Node child, set through NODE_OPTIONS in its environment, so that the child ends
   * with its own error before the kernel kills it. If you set it, it applies to whatever program you start. Default:
   * the cage's, or `'auto'` for a program called `node`.
   */
  nodeHeap?: NodeHeapOption;
  /**
   * Add `memory.details` to the outcome: more of what the kernel counted for the cage. Costs a few more reads when the
   * child ends. Default: false.
   */
  memoryDetails?: boolean;
  /**
   * Whether the channel of a child of `fork` carries handles, such as sockets, as Node's does. Without, what the child
   * sends is messages alone, each of at most 64 MiB, and no more than 1 MiB of them while you do not listen. Default: true.
   *
   * @see docs/child-process.md
   */
  ipcHandles?: boolean;
  /**
   * The weakest that may hold the limits, where the kernel can't. Within {@link SharedCage.contain} it is what
   * holds the cage around; a weaker one than you accept is an error. Default: `MEMCAGE_ENFORCE` of the environment,
   * else `'kernel'`.
   *
   * @see docs/enforcement.md
   */
  enforce?: Enforce;
}

/** Options of {@link spawn}: Node's, and {@link CageOptions}. */
export type SpawnOptions = NodeSpawnOptions & CageOptions;

/** An option with which a child is in a cage. */
export type CagingOption =
  | {
      /** A private cage. */
      memory: NonNullable<unknown>;
    }
  | {
      /** A private cage. */
      pids: NonNullable<unknown>;
    }
  | {
      /** A private cage. */
      cpu: NonNullable<unknown>;
    }
  | {
      /** A private cage. */
      cpuTimeMs: NonNullable<unknown>;
    }
  | {
      /** A private cage. */
      stall: NonNullable<unknown>;
    }
  | {
      /** A shared cage. */
      cage: NonNullable<unknown>;
    };

/** Null where something weaker than the kernel may hold the limits. */
type CgroupOf<O> = O extends { enforce: 'kernel' }
  ? Cgroup
  : O extends { enforce: Enforce }
    ? Cgroup | null
    : O extends { cage: { cgroup: infer G extends Cgroup | null } }
      ? G
      : Cgroup;

/** The memory report of a child with these options. It is null without a cage; within `contain()` there is one. */
export type MemoryOf<O> = O extends CagingOption ? MemoryReport : MemoryReport | null;

/** Options of {@link fork}: Node's, and {@link CageOptions}. */
export type ForkOptions = NodeForkOptions & CageOptions;

interface EncodingOption {
  /** Encoding of `stdout` and `stderr`; 'buffer' or null for Buffers. Default: 'utf8'. */
  encoding?: BufferEncoding | 'buffer' | null | undefined;
}

/** Options of {@link exec}: Node's, and {@link CageOptions}. */
export type ExecOptions = NodeExecOptions & EncodingOption & CageOptions;

/** Options of {@link execFile}: Node's, and {@link CageOptions}. */
export type ExecFileOptions = NodeExecFileOptions & EncodingOption & CageOptions;

/** Type of `stdout` and `stderr` with these options. */
export type TextBy<O> = O extends { encoding: 'buffer' | null }
  ? Buffer
  : O extends { encoding: BufferEncoding | undefined }
    ? string
    : 'encoding' extends keyof O
      ? string | Buffer
      : string;

/** Node's ChildProcess with `cage` and `outcome`. */
export type Child<O> = ChildProcess & CagedBy<O>;

/** The callback that Node calls once the child has ended. */
type Callback<E, T> = (error: E | null, stdout: T, stderr: T) => void;

/** Options of {@link run}: those of {@link spawn}, and some of Node's `execFile`. */
export interface RunOptions<E extends OutputEncoding = OutputEncoding> extends SpawnOptions {
  /** Text or bytes to write to stdin, which is then closed. Default: stdin is empty. */
  input?: string | Uint8Array;
  /** Encoding of `stdout` and `stderr`; 'buffer' for Buffers. Default: 'utf8'. */
  encoding?: E;
  /** Maximum number of bytes on each of `stdout` and `stderr`. A child that writes more is killed. Default: 1 MiB. */
  maxBuffer?: number;
  /** With `false`, the promise resolves however the child ends, as long as it could be started. Default: true. */
  reject?: boolean;
}

/** What {@link run} resolves with, and what its errors carry as `outcome`. */
export type RunResult<
  E extends OutputEncoding = 'utf8',
  M extends MemoryReport | null = MemoryReport | null,
> = Outcome<M> & RunOutput<Output<E>>;

/** What a caged child adds to Node's ChildProcess. */
export interface Caged<G extends Cgroup | null = Cgroup> {
  /**
   * The cage that the child lives in. Like Node's streams, it is null if the child could not be started because no fds
   * were left for its pipes; an 'error' event (EMFILE) follows. A cage that you passed as an option is set even then.
   */
  readonly cage: Cage<G>;
  /**
   * What became of the child. Resolves when the child and everything that it left in its cage are gone, and every pipe
   * that is being read has closed. Never rejects.
   */
  readonly outcome: Promise<Outcome>;
}

/** A child without a cage: it was started with neither a limit nor `cage`. */
export interface Uncaged {
  /** Always null. */
  readonly cage: null;
  /**
   * What became of the child. Resolves when it has ended and every pipe that is being read has closed. Never rejects.
   */
  readonly outcome: Promise<Outcome<null>>;
}

/** Without a {@link CagingOption}, a child has a cage only within {@link SharedCage.contain}. */
type CagedBy<O> = O extends CagingOption ? Caged<CgroupOf<O>> : Caged<CgroupOf<O>> | Uncaged;

/**
 * The streams that Node's own typings derive from `stdio`. If the type of the options is not known in full, neither
 * are the streams.
 */
type StreamsBy<O> = O extends { stdio: infer S }
  ? StreamsOf<S>
  : 'stdio' extends keyof O
    ? ChildProcess
    : ChildProcessWithoutNullStreams;

type StreamsOf<S> = S extends StdioPipe
  ? ChildProcessWithoutNullStreams
  : S extends StdioNull
    ? ChildProcessByStdio<null, null, null>
    : S extends readonly [infer I, infer U, infer E]
      ? ChildProcessByStdio<
          I extends StdioPipe ? Writable : null,
          U extends StdioPipe ? Readable : null,
          E extends StdioPipe ? Readable : null
        >
      : ChildProcess;

/** Node's ChildProcess with `cage` and `outcome`. */
export type SpawnedProcess<O> = StreamsBy<O> & CagedBy<O>;

type EncodingOf<O> = O extends { encoding: infer E extends OutputEncoding } ? E : 'utf8';

/** What a run with these options resolves with. */
export type ResultOf<O> = RunResult<EncodingOf<O>, MemoryOf<O>>;

/** Options of a child that a cage starts. With a limit, the child gets a private cage within that cage. */
export type MemberOptions<O extends CageOptions> = Omit<O, 'cage' | 'parent' | 'enforce'>;

/** The option that a cage sets for the children that it starts. */
export interface InCage<G extends Cgroup | null = Cgroup> {
  /** The cage itself. */
  cage: SharedCage<G>;
}

/** Options of the type O, checked for names that `Options` does not have. */
export type Checked<O, Options> = O & Exactly<O, Options>;

/** Arguments as execFile takes them. */
type Args = readonly string[] | null | undefined;

/** The type of {@link spawn}: `Options` are the options that it takes, `Given` those that a child gets in any case. */
export interface Spawn<Options, Given = object> {
  (file: string, args?: readonly string[]): SpawnedProcess<Given>;
  <const O extends Options>(file: string, options: Checked<O, Options>): SpawnedProcess<O & Given>;
  <const O extends Options>(
    file: string,
    args: readonly string[] | undefined,
    options?: Checked<O, Options>,
  ): SpawnedProcess<O & Given>;
}

/** The type of {@link fork}; see {@link Spawn}. */
export interface Fork<Options, Given = object> {
  (modulePath: string | URL, args?: readonly string[]): Child<Given>;
  <const O extends Options>(modulePath: string | URL, options: Checked<O, Options> | undefined): Child<O & Given>;
  <const O extends Options>(
    modulePath: string | URL,
    args: readonly string[] | undefined,
    options?: Checked<O, Options>,
  ): Child<O & Given>;
}

/** The type of {@link exec}; see {@link Spawn}. */
export interface Exec<Options, Given = object> {
  (command: string, callback?: Callback<ExecException, string>): Child<Given>;
  <const O extends Options>(
    command: string,
    options: Checked<O, Options> | null | undefined,
    callback?: Callback<ExecException, TextBy<O>>,
  ): Child<O & Given>;
}

/** The type of {@link execFile}; see {@link Spawn}. */
export interface ExecFile<Options, Given = object> {
  (file: string, callback?: Callback<ExecFileException, string>): Child<Given>;
  (file: string, args: Args, callback?: Callback<ExecFileException, string>): Child<Given>;
  <const O extends Options>(
    file: string,
    options: Checked<O, Options>,
    callback?: Callback<ExecFileException, TextBy<O>>,
  ): Child<O & Given>;
  <const O extends Options>(
    file: string,
    args: Args,
    options: Checked<O, Options> | null | undefined,
    callback?: Callback<ExecFileException, TextBy<O>>,
  ): Child<O & Given>;
}

/** The type of {@link run}; see {@link Spawn}. */
export interface Run<Options, Given = object> {
  (file: string, args?: readonly string[]): Promise<ResultOf<Given>>;
  <const O extends Options>(file: string, options: Checked<O, Options>): Promise<ResultOf<O & Given>>;
  <const O extends Options>(
    file: string,
    args: readonly string[] | undefined,
    options?: Checked<O, Options>,
  ): Promise<ResultOf<O & Given>>;
}

/** Options of {@link SharedCage.contain}. */
export interface ContainOptions {
  /**
   * What becomes of a worker thread (`node:worker_threads`) that starts in the context: it can't be in the cage, since
   * its memory is that of this process. With `'refuse'` the constructor throws ERR_MEMCAGE_UNSUPPORTED; with `'allow'` the
   * thread starts outside of the cage, and so does every child that it starts. Default: `'refuse'`.
   */
  threads?: 'refuse' | 'allow';
}

/**
 * A limit with a lifetime, private or shared. A private cage, made by the option `memory`, holds one child and all its
 * descendants, and closes with it. A shared one is a {@link SharedCage}. An open cage does not keep the event loop alive, and
 * ends with the process.
 */
export interface Cage<G extends Cgroup | null = Cgroup> extends EventEmitter<CageEvents>, AsyncDisposable {
  /**
   * The cgroup of the cage: limits, usage, statistics and members. It is gone once the cage is closed. Null if
   * {@link enforcedBy} is not the kernel, which can only be with the option `enforce`, or MEMCAGE_ENFORCE.
   */
  readonly cgroup: G;

  /** What holds its limits, for the cage and all in it. */
  readonly enforcedBy: EnforcedBy;

  /** Number of processes of the cage that were killed for memory so far, as counted by the event `oom`. */
  readonly oomKills: number;

  /** The cage in which this one was made; null if there is none. */
  readonly outer: SharedCage<Cgroup | null> | null;

  /** Whether the cage is closed or closing. */
  readonly closed: boolean;

  /**
   * Change limits of the cage, as far as the kernel lets change them. Those that you leave out stay. `pids` and `cpu` can
   * change in a cage that was made with a limit of that kind, if only `pids: 'max'` or `cpu: 'max'`; `cpu.set` in one
   * that was made with a `set`; `cpuTimeMs` and `stall` in one that was made with it.
   *
   * @throws ERR_MEMCAGE_LIMIT_REFUSED if the kernel refuses one: those before it, in the order memory, pids, cpu, have
   * changed, `stall` has not. ERR_MEMCAGE_UNSUPPORTED for one that the cage was made without, or if {@link enforcedBy} is not the kernel
   */
  setLimits(limits: CageLimitOptions): void;

  /** Send SIGKILL to every process in the cage. Resolves when none is left. The cage stays open. */
  kill(): Promise<void>;

  /** Kill every process in the cage, and remove the cage. Resolves when nothing is left. You may call it again. */
  close(): Promise<void>;

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A shared cage, made by {@link createCage}. It starts children, and holds many: they all end with the cage, and each has its
 * own outcome.
 */
export interface SharedCage<G extends Cgroup | null = Cgroup> extends Cage<G> {
  /** Like {@link spawn}, in this cage. */
  readonly spawn: Spawn<MemberOptions<SpawnOptions>, InCage<G>>;
  /** Like {@link fork}, in this cage. */
  readonly fork: Fork<MemberOptions<ForkOptions>, InCage<G>>;
  /** Like {@link exec}, in this cage. */
  readonly exec: Exec<MemberOptions<ExecOptions>, InCage<G>>;
  /** Like {@link execFile}, in this cage. */
  readonly execFile: ExecFile<MemberOptions<ExecFileOptions>, InCage<G>>;
  /** Like {@link run}, in this cage. */
  readonly run: Run<MemberOptions<RunOptions>, InCage<G>>;

  /**
   * Call `fn` and return its result. Every child started in the async context of `fn`, by whatever library, is in this
   * cage, and a cage made there is made within this one; only a call with the option `cage` or `parent` goes elsewhere.
   * The context outlives `fn`: after {@link close} a start in it throws. If `fn` returns a generator, the result is
   * another object that runs the generator in this context, wherever you iterate over it.
   *
   * @throws ERR_MEMCAGE_UNSUPPORTED_NODE before it calls `fn`, if memcage could not keep every child in the cage
   */
  contain<T>(fn: () => T, options?: ContainOptions): T;
}
