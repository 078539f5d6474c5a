import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Job } from 'bullmq';
import { contradiction, invalidArgument, misplaced } from '../../common/errors/argument-errors';
import { likelyMeant } from '../../common/errors/likely-meant';
import {
  type Budget,
  type Cgroup,
  createWarmPool,
  type Enforce,
  type ForkOptions,
  formatSize,
  type LearnedJob,
  type MemcageError,
  type MemoryOption,
  parseSize,
  type SharedCage,
  type Size,
  type WarmPool,
} from '../../index';
import type { JobChild } from './attempt';
import type { Protocol } from './protocol';

/**
 * How a job is done once more that was killed for its own memory limit.
 *
 * @experimental
 */
export interface RetryOptions {
  /** The limit then, which is more than that of the first time. */
  memory: Size;
}

/**
 * Options of {@link createProcessor}: those of `fork` for the child of each job, and these.
 *
 * @experimental
 */
export interface ProcessorOptions
  extends Omit<
    ForkOptions,
    'memory' | 'cage' | 'parent' | 'signal' | 'timeout' | 'detached' | 'keepDescendants' | 'untrusted'
  > {
  /** The limit of each job's cage. With `learn`, of a job of which nothing is known. */
  memory: MemoryOption;
  /**
   * Start a job only when there is room for it here. The children are in the cage of the budget, and may share it with those
   * of other processors. Default: no budget.
   */
  budget?: Budget<LearnedJob> | Budget;
  /**
   * Have the budget learn the limits, by the name of the job, or by the key that this function returns. The budget has to
   * be one with `learn`. Each child is then started for its job: nothing is kept warm. Default: false.
   */
  learn?: boolean | ((job: Job) => string);
  /**
   * Do a job once more, at once, that was killed for its own memory limit: with this limit. Default: the job fails, and is not tried
   * again, whatever its `attempts` are. With `learn`, one that was killed for a limit that was learned is done once more with half
   * as much again, or with `memory` if that is more.
   */
  retry?: RetryOptions | false;
  /**
   * For how long a job may take, in milliseconds, from when its child is there; and as long before, for a child to load the
   * processor. Once more with `retry`. Default: no limit.
   */
  timeout?: number;
  /** How long a job that is cancelled, or is over its `timeout`, may take to end by itself, in milliseconds. Default: 5000. */
  graceMs?: number;
  /** How many children wait, with the processor loaded: an integer, 0 for none. Default: 1, or 0 with `learn`. */
  spare?: number;
  /** Have children that wait give back what they do not need. Default: false. See `createWarmPool()`. */
  trim?: boolean;
  /** The shared cage in which jobs run. Default: that of `contain()` around the call, if any. Not with `budget`. */
  cage?: SharedCage | SharedCage<Cgroup | null>;
  /** The memory cgroup in which to make the cages of jobs. Default: memcage finds one. Not with `budget`. */
  parent?: Cgroup | string;
}

interface ProcessorFile {
  /** For errors. */
  name: string;
  href: string;
}

/** What a processor does with each job. */
export interface Plan {
  processor: ProcessorFile;
  memory: MemoryOption;
  /** The limit in bytes, which a job takes of the budget. */
  memoryBytes: number;
  /** The most that `memory` or `retry` give a job, in bytes. */
  largestBytes: number;
  budget: Budget<LearnedJob> | undefined;
  /** Undefined if nothing is learned. */
  keyOf: ((job: Job) => string) | undefined;
  /** The limit of the second try, from that of the first; undefined if there is none. */
  retryBytes: (limitBytes: number) => number | undefined;
  timeoutMs: number | undefined;
  graceMs: number;
  spare: number;
  /** What each child is started with. */
  module: string;
  args: string[];
  /** Without memory, cage, parent and enforce. */
  childOptions: object;
  /** The environment of this process as the processor was made: a job that begins later gets the changes. Undefined if the caller gave one. */
  environment: NodeJS.ProcessEnv | undefined;
  /** The cage that the caller chose, the budget's, or what says where one is made. */
  place: { cage?: SharedCage | SharedCage<Cgroup | null>; parent?: Cgroup | string; enforce?: Enforce };
}

const OWN = ['budget', 'learn', 'retry', 'timeout', 'graceMs', 'spare', 'trim', 'memory'];
/** Options that the pool does not see, and that may be left out, but not be undefined. `timeout` may be, as for Node's functions. */
const LEFT_OUT = ['budget', 'learn', 'retry', 'graceMs', 'spare', 'trim', 'cage', 'parent', 'enforce'];
/** What other programs call these options, in lower case and without separators. */
const ALIASES = {
  grace: 'graceMs',
  graceperiod: 'graceMs',
  stopgraceperiod: 'graceMs',
  timeoutms: 'timeout',
  retries: 'retry',
  morememory: 'retry',
};
const REFUSED = {
  signal: 'a job has one: worker.cancelJob()',
  detached: 'a job ends with its worker',
  keepDescendants: 'what a job leaves behind ends with it',
  maxUses: 'each job has a child of its own',
  maxChildren: 'the concurrency of the worker says how many',
};
const GRACE_MS = 5000;
/** The kernel counts a limit in pages. */
const LARGEST_PAGE = 64 * 1024;

/** The endings that BullMQ knows. To others it adds `.js`. */
const ENDINGS = ['.js', '.ts', '.flow', '.cjs', '.mjs', '.mts', '.cts'];

/** Throws for what is wrong, before anything is made. */
export function readPlan(
  file: unknown,
  options: unknown,
  { protocol, module }: { protocol: Protocol; module: string },
): Plan {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', "an object with memory, such as { memory: '200M' }", options);
  }
  for (const name of LEFT_OUT) {
    if (name in options && Reflect.get(options, name) === undefined) {
      throw invalidArgument(name, 'a value (leave it out if it has none)', undefined);
    }
  }
  const {
    budget,
    learn = false,
    retry,
    timeout,
    graceMs = GRACE_MS,
    spare,
    trim: _,
    memory,
    ...rest
  } = options as ProcessorOptions;
  const { cage, parent, enforce, ...childOptions } = rest;
  for (const [name, why] of Object.entries(REFUSED)) {
    if (Reflect.get(rest, name) !== undefined) throw misplaced(name, `to createProcessor(): ${why}`, 'leave it out');
  }
  if (learn !== false && learn !== true && typeof learn !== 'function')
    throw invalidArgument('learn', 'true or a function', learn);
  if (learn !== false && budget === undefined)
    throw contradiction('budget', "learn needs a budget, such as createBudget({ memory: '4G' })");
  const processor = findProcessor(file, { looked: rest.root === undefined });
  const memoryBytes = bytesOf(memory);
  const keyOf = learn === true ? (job: Job) => job.name : learn === false ? undefined : learn;
  const shared = readBudget(budget, { cage, parent, enforce });
  const most = shared?.stats().memoryBytes;
  // Children that wait are started at other times than their jobs.
  const env = rest.env ?? { ...process.env };
  const retryBytes = readRetry(retry, { memoryBytes, learns: keyOf !== undefined, most });
  return {
    processor,
    memory,
    memoryBytes,
    largestBytes: (typeof retry === 'object' ? retryBytes(memoryBytes) : undefined) ?? memoryBytes,
    budget: shared,
    keyOf,
    retryBytes,
    timeoutMs: readTime('timeout', timeout),
    graceMs: readTime('graceMs', graceMs) ?? GRACE_MS,
    spare: spare ?? (keyOf === undefined ? 1 : 0),
    module,
    args: [protocol.classes, processor.href],
    // BullMQ's own children are silent too: this process writes what they write.
    childOptions: { silent: true, ipcHandles: false, ...childOptions, env },
    environment: rest.env === undefined ? env : undefined,
    place: shared === undefined ? present({ cage, parent, enforce }) : { cage: shared.cage },
  };
}

/** Starts the children that wait. @throws what is wrong with the options of the children */
export function openPool(plan: Plan, options: ProcessorOptions): WarmPool<JobChild> {
  const { module, args, memory, spare, childOptions, place, keyOf } = plan;
  if (keyOf !== undefined && spare !== 0)
    throw invalidArgument('spare', '0 (learn starts each child for its job)', spare);
  const { trim } = options;
  try {
    const all = { ...childOptions, ...place, memory, spare, ...(trim !== undefined && { trim }) };
    return createWarmPool(module, args, all) as WarmPool<JobChild>;
  } catch (error) {
    throw inOurWords(error, options);
  }
}

/** Instead of what the pool says. */
const OUR_WORDS: Readonly<Record<string, string>> = {
  'the function': ' of createProcessor',
  'its options': `createProcessor has ${OWN.join(', ')}, `,
};

/** The pool knows only the options of its own. */
function inOurWords(error: unknown, options: object): unknown {
  if (!isUnknownOption(error)) return error;
  const { option } = error;
  const meant = option in options ? likelyMeant(option, OWN, ALIASES) : undefined;
  if (meant !== undefined) {
    error.message = `Unknown option '${option}' of createProcessor: did you mean '${meant}'?`;
  } else {
    const told = error.words?.map((part) => (typeof part === 'string' ? part : (OUR_WORDS[part.name] ?? part.text)));
    if (told !== undefined) error.message = told.join('');
  }
  return error;
}

function isUnknownOption(error: unknown): error is TypeError & { option: string } & Pick<MemcageError, 'words'> {
  return error instanceof TypeError && 'code' in error && error.code === 'ERR_MEMCAGE_UNKNOWN_OPTION';
}

/** @throws TypeError if there is no such file */
function findProcessor(file: unknown, { looked }: { looked: boolean }): ProcessorFile {
  if (typeof file !== 'string' && !(file instanceof URL)) throw invalidArgument('file', 'a path or a file: URL', file);
  const path = pathOf(file);
  const full = typeof file !== 'string' || ENDINGS.includes(extname(path)) ? path : `${path}.js`;
  if (looked && !existsSync(full)) throw invalidArgument('file', 'the path of a file that exists', full);
  return { name: basename(full), href: pathToFileURL(full).href };
}

function pathOf(file: string | URL): string {
  if (file instanceof URL || file.startsWith('file:')) {
    const url = new URL(file);
    if (url.protocol !== 'file:') throw invalidArgument('file', 'a path or a file: URL', url.href);
    return fileURLToPath(url);
  }
  return resolve(file);
}

function readBudget(budget: unknown, place: object): Budget<LearnedJob> | undefined {
  if (budget === undefined) return undefined;
  if (typeof budget !== 'object' || budget === null || !('reserve' in budget)) {
    throw invalidArgument('budget', 'what createBudget() returns', budget);
  }
  for (const [name, value] of Object.entries(place)) {
    if (value !== undefined) throw misplaced(name, 'with budget, in whose cage the jobs are', 'leave it out');
  }
  return budget as Budget<LearnedJob>;
}

function readRetry(
  retry: unknown,
  {
    memoryBytes,
    learns,
    most = Number.POSITIVE_INFINITY,
  }: { memoryBytes: number; learns: boolean; most?: number | undefined },
): Plan['retryBytes'] {
  const isMore = (bytes: number, limitBytes: number) => (bytes > limitBytes ? bytes : undefined);
  if (retry === false) return () => undefined;
  if (retry === undefined) {
    // What was learned may be less than what the caller thinks a job needs. What the caller gave is enough.
    const next = (limitBytes: number) => Math.min(most, Math.max(memoryBytes, Math.ceil(limitBytes * 1.5)));
    const isGiven = (limitBytes: number) => Math.abs(limitBytes - memoryBytes) < LARGEST_PAGE;
    return (limitBytes) => (learns && !isGiven(limitBytes) ? isMore(next(limitBytes), limitBytes) : undefined);
  }
  if (typeof retry !== 'object' || retry === null || Object.keys(retry).join() !== 'memory') {
    throw invalidArgument('retry', "an object with memory, such as { memory: '400M' }, or false", retry);
  }
  const bytes = parseSize((retry as { memory: Size }).memory);
  if (bytes <= memoryBytes) {
    throw invalidArgument('retry.memory', `more than memory, which is ${formatSize(memoryBytes)}`, formatSize(bytes));
  }
  if (bytes > most)
    throw invalidArgument('retry.memory', `at most the ${formatSize(most)} of the budget`, formatSize(bytes));
  return (limitBytes) => isMore(bytes, limitBytes);
}

function readTime(name: string, ms: unknown): number | undefined {
  if (ms === undefined) return undefined;
  if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0 || ms > 2 ** 31 - 1) {
    throw invalidArgument(name, 'a number of milliseconds, from 0 to 2147483647', ms);
  }
  return name === 'timeout' && ms === 0 ? undefined : ms;
}

function bytesOf(memory: MemoryOption | undefined): number {
  const max = typeof memory === 'object' && memory !== null ? memory.max : memory;
  if (max === undefined || max === null) throw invalidArgument('memory', "the limit of a job, such as '200M'", memory);
  return parseSize(max);
}

function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
