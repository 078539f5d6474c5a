// The public types that refer to each other: a cage starts children with options, an option names a cage, and a child
// has one.
import type {
  ChildProcess,
  ExecException,
  ExecFileException,
  ExecFileOptions as NodeExecFileOptions,
  ExecOptions as NodeExecOptions,
  ForkOptions as NodeForkOptions,
  SpawnOptions as NodeSpawnOptions,
  StdioOptions,
} from 'node:child_process';
import type {
  CageThreshold,
  CpuOption,
  Enforce,
  EvidenceOption,
  MemoryOption,
  NamespaceOptions,
  NodeHeapOption,
  PidsOption,
  RootOptions,
  Size,
  StallOption,
} from '../../../types/options';
import type { EnforcedBy, MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { Emitter } from '../../common/event-loop/emitter';
import type { Output, OutputEncoding } from '../../process/collect-output';
import type { CageEvents } from './cage-events';
import type { EncodingOption, OutputCallback, StreamsOf, TextEncoding } from './child-output';
import type { ChildSettingsOptions, LimitChanges } from './limit-options';

/** What memcage adds to the options of Node's `child_process.spawn`. */
export interface CageOptions<E extends Enforce = Enforce, G extends Cgroup | null = Cgroup>
  extends ChildSettingsOptions {
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
   * @see docs/reference/stall.md
   */
  stall?: StallOption;
  /**
   * Uses of the private cage's memory at which it emits 'threshold': sizes, or percentages of `memory.max`. Default: none.
   *
   * @see docs/reference/events.md
   */
  thresholds?: readonly CageThreshold[];
  /** The shared cage to start in, from {@link createCage}. Default: that of `contain()` around the call, if any. */
  cage?: SharedCage<G>;
  /** Namespaces of the child's own. Default: it shares the parent's. */
  namespaces?: NamespaceOptions;
  /**
   * A root directory of the child's own: which files it sees, and which it can write to. It gets a mount namespace, and,
   * unless `namespaces.pid` says otherwise, a PID namespace with an init. Default: it shares the parent's.
   *
   * @see docs/reference/files.md
   */
  root?: RootOptions;
  /**
   * Run a program that nobody trusts. Needs `memory`, or a cage around it that has a limit of memory. It stands for the following, and
   * each of these that you give yourself wins; of `rlimits`, `privileges`, `namespaces` and `root` one by one.
   *
   * - `pids: 64`, `cpuTimeMs: 60_000`, `timeout: 60_000`, `killSignal: 'SIGKILL'`, `oomScoreAdj: 1000`, `enforce: 'kernel'`.
   * - `rlimits: { core: 0, fsize: '64M', nofile: 256, memlock: 0, msgqueue: 0 }`, or your own hard limit if that is lower.
   * - `privileges: { noNewPrivileges: true, capabilities: [], seccomp: 'default' }`.
   * - `namespaces: { pid: { init: true }, net: true, ipc: true, cgroup: true, uts: { hostname: 'untrusted' } }`.
   * - If you are root: a `uid` and `gid` that no one else has, from 1,879,048,192 on, or nobody's where these are not mapped. If not:
   *   `namespaces.user: { uid: 0, gid: 0 }`.
   * - `root`: empty and read-only, with a `/tmp` of 64 MiB in memory. To read are `/usr`, `/bin`, `/sbin`, `/lib*`,
   *   `/etc/ld.so.cache`, `/etc/alternatives`, and the program's own file. Hidden are `/dev/tty` and `/proc/sys/kernel`. What you list in `root`
   *   comes on top; with `root.path` nothing is bound.
   * - `cwd: '/tmp'`, and of variables only PATH, `HOME=/tmp` and `LANG=C.UTF-8`.
   * - `ipcHandles: false`.
   *
   * What can't be had here is an error, and nothing starts. Default: false.
   *
   * @see docs/guides/untrusted-code.md
   */
  untrusted?: boolean;
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
   * Tells what fills the cage of this call, before the kernel kills for its limit: `evidence` of the outcome. Default: none.
   *
   * @see docs/reference/evidence.md
   */
  evidence?: EvidenceOption;
  /**
   * Whether the channel of a child of `fork` carries handles, such as sockets, as Node's does. Without, what the child
   * sends is messages alone, each of at most 64 MiB, and no more than 1 MiB of them while you do not listen. Default: true.
   *
   * @see docs/reference/child-process.md
   */
  ipcHandles?: boolean;
  /**
   * The weakest that may hold the limits, where the kernel can't. Within {@link SharedCage.contain} it is what
   * holds the cage around; a weaker one than you accept is an error. Default: `MEMCAGE_ENFORCE` of the environment,
   * else `'kernel'`.
   *
   * @see docs/reference/enforcement.md
   */
  enforce?: E;
}

/** The options that put a child into a cage: a limit of its own, or a shared cage. */
export type CagingOption = 'memory' | 'pids' | 'cpu' | 'cpuTimeMs' | 'stall' | 'cage';

type With<O, K extends keyof O> = Omit<O, K> & { [P in K]-?: NonNullable<O[P]> };
/**
 * The options with at least one of these. A union of whole types, and no intersection: one of two types for `memory` would
 * have the members of String, which editors would complete.
 */
export type OneOf<O, K extends keyof O> = K extends unknown ? With<O, K> : never;

/** Options of {@link spawn}: Node's, and {@link CageOptions}. */
export interface SpawnOptions<
  S extends StdioOptions = StdioOptions,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> extends Omit<NodeSpawnOptions, 'stdio'>,
    CageOptions<E, G> {
  /** As Node's: what the child's stdin, stdout, stderr and further fds are. Default: `'pipe'`. */
  stdio?: S | undefined;
}

/** Options of {@link spawn} with a {@link CagingOption}. */
export type CagedSpawnOptions<
  S extends StdioOptions = StdioOptions,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> = OneOf<SpawnOptions<S, E, G>, CagingOption>;

/** Options of {@link fork}: Node's, and {@link CageOptions}. */
export interface ForkOptions<E extends Enforce = Enforce, G extends Cgroup | null = Cgroup>
  extends NodeForkOptions,
    CageOptions<E, G> {}

/** Options of {@link fork} with a {@link CagingOption}. */
export type CagedForkOptions<E extends Enforce = Enforce, G extends Cgroup | null = Cgroup> = OneOf<
  ForkOptions<E, G>,
  CagingOption
>;

/** Options of {@link exec}: Node's, and {@link CageOptions}. */
export interface ExecOptions<
  T extends TextEncoding = TextEncoding,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> extends Omit<NodeExecOptions, 'encoding'>,
    EncodingOption<T>,
    CageOptions<E, G> {}

/** Options of {@link exec} with a {@link CagingOption}. */
export type CagedExecOptions<
  T extends TextEncoding = TextEncoding,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> = OneOf<ExecOptions<T, E, G>, CagingOption>;

/** Options of {@link execFile}: Node's, and {@link CageOptions}. */
export interface ExecFileOptions<
  T extends TextEncoding = TextEncoding,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> extends Omit<NodeExecFileOptions, 'encoding'>,
    EncodingOption<T>,
    CageOptions<E, G> {}

/** Options of {@link execFile} with a {@link CagingOption}. */
export type CagedExecFileOptions<
  T extends TextEncoding = TextEncoding,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> = OneOf<ExecFileOptions<T, E, G>, CagingOption>;

/** Options of {@link run}: those of {@link spawn}, and some of Node's `execFile`. */
export interface RunOptions<
  T extends OutputEncoding = BufferEncoding,
  E extends Enforce = Enforce,
  G extends Cgroup | null = Cgroup,
> extends SpawnOptions<StdioOptions, E, G> {
  /** Text or bytes to write to stdin, which is then closed. Default: stdin is empty. */
  input?: string | Uint8Array;
  /** Encoding of `stdout` and `stderr`; 'buffer' for Buffers. Default: `'utf8'`. */
  encoding?: T;
  /** The most on each of `stdout` and `stderr`: a number of bytes, or `'1M'`. A child that writes more is killed. Default: 1 MiB. */
  maxBuffer?: Size;
  /** With `false`, the promise resolves however the child ends, as long as it could be started. Default: true. */
  reject?: boolean;
}

/** Options of {@link run} with a {@link CagingOption}. */
export type CagedRunOptions<T extends OutputEncoding = OutputEncoding> = OneOf<RunOptions<T>, CagingOption>;

/** Options of a child that a cage starts. With a limit, the child gets a private cage within that cage. */
export type MemberOptions<O extends CageOptions> = Omit<O, 'cage' | 'parent' | 'enforce'>;

/** What {@link run} resolves with, and what its errors carry as `outcome`. */
export type RunResult<
  T extends OutputEncoding = 'utf8',
  M extends MemoryReport | null = MemoryReport | null,
> = Outcome<M> & RunOutput<Output<T>>;

/** What a caged child adds to Node's ChildProcess. */
export interface Caged<G extends Cgroup | null = Cgroup> {
  /**
   * The cage that the child lives in. Like Node's streams, it is null if the child could not be started because no fds
   * were left for its pipes; an 'error' event (EMFILE) follows. A cage that you passed as an option is set even then.
   */
  readonly cage: Cage<G>;
  /**
   * What became of the child. Resolves when the child and, without `keepDescendants`, everything that it left in its cage
   * are gone, and every pipe that is being read has closed. Never rejects.
   */
  readonly outcome: Promise<Outcome>;
}

/** A child without a cage: it was started without a {@link CagingOption}, and not within {@link SharedCage.contain}. */
export interface Uncaged {
  /** Always null. */
  readonly cage: null;
  /**
   * What became of the child. Resolves when it has ended and every pipe that is being read has closed. Never rejects.
   */
  readonly outcome: Promise<Outcome<null>>;
}

/** Node's ChildProcess of a child in a cage. `S` is the option `stdio`. */
export type CagedProcess<S = 'pipe', G extends Cgroup | null = Cgroup> = StreamsOf<S> & Caged<G>;
/** Node's ChildProcess of a child that is in a cage only within {@link SharedCage.contain}. */
export type AnyProcess<S = 'pipe', G extends Cgroup | null = Cgroup> = StreamsOf<S> & (Caged<G> | Uncaged);
/** A {@link CagedProcess} of which the type does not say what its streams are. */
export type CagedChild<G extends Cgroup | null = Cgroup> = ChildProcess & Caged<G>;
/** An {@link AnyProcess} of which the type does not say what its streams are. */
export type AnyChild<G extends Cgroup | null = Cgroup> = ChildProcess & (Caged<G> | Uncaged);

/** The cgroup of a cage that `enforce` allows: null where something weaker than the kernel may hold the limits. */
export type CgroupFor<E extends Enforce> = Enforce extends E ? Cgroup : E extends 'kernel' ? Cgroup : Cgroup | null;

/** Arguments as execFile takes them. */
export type Args = readonly string[] | null | undefined;

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
export interface Cage<G extends Cgroup | null = Cgroup> extends Emitter<CageEvents>, AsyncDisposable {
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
  setLimits(limits: LimitChanges): void;

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
  spawn<const S extends StdioOptions = 'pipe'>(
    file: string,
    options: MemberOptions<SpawnOptions<S>>,
  ): CagedProcess<S, G>;
  /** Like {@link spawn}, in this cage. */
  spawn<const S extends StdioOptions = 'pipe'>(
    file: string,
    args?: readonly string[],
    options?: MemberOptions<SpawnOptions<S>>,
  ): CagedProcess<S, G>;

  /** Like {@link fork}, in this cage. */
  fork(modulePath: string | URL, options: MemberOptions<ForkOptions>): CagedChild<G>;
  /** Like {@link fork}, in this cage. */
  fork(modulePath: string | URL, args?: readonly string[], options?: MemberOptions<ForkOptions>): CagedChild<G>;

  /** Like {@link exec}, in this cage. */
  exec<const T extends TextEncoding = 'utf8'>(
    command: string,
    options: MemberOptions<ExecOptions<T>> | null | undefined,
    callback?: OutputCallback<ExecException, T>,
  ): CagedChild<G>;
  /** Like {@link exec}, in this cage. */
  exec(command: string, callback?: OutputCallback<ExecException, 'utf8'>): CagedChild<G>;

  /** Like {@link execFile}, in this cage. */
  execFile<const T extends TextEncoding = 'utf8'>(
    file: string,
    args: Args,
    options: MemberOptions<ExecFileOptions<T>> | null | undefined,
    callback?: OutputCallback<ExecFileException, T>,
  ): CagedChild<G>;
  /** Like {@link execFile}, in this cage. */
  execFile<const T extends TextEncoding = 'utf8'>(
    file: string,
    options: MemberOptions<ExecFileOptions<T>>,
    callback?: OutputCallback<ExecFileException, T>,
  ): CagedChild<G>;
  /** Like {@link execFile}, in this cage. */
  execFile(file: string, args: Args, callback?: OutputCallback<ExecFileException, 'utf8'>): CagedChild<G>;
  /** Like {@link execFile}, in this cage. */
  execFile(file: string, callback?: OutputCallback<ExecFileException, 'utf8'>): CagedChild<G>;

  /** Like {@link run}, in this cage. */
  run<const T extends OutputEncoding = 'utf8'>(
    file: string,
    options: MemberOptions<RunOptions<T>>,
  ): Promise<RunResult<T, MemoryReport>>;
  /** Like {@link run}, in this cage. */
  run<const T extends OutputEncoding = 'utf8'>(
    file: string,
    args?: readonly string[],
    options?: MemberOptions<RunOptions<T>>,
  ): Promise<RunResult<T, MemoryReport>>;

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
