import { totalmem } from 'node:os';
import { basename } from 'node:path';
import type { NodeHeapReport, OomVerdict } from '../../types/outcome';
import { invalidArgument } from '../common/errors/argument-errors';
import { mention, NO_HEAP_LIMIT, words } from '../common/errors/words';
import { checkSize, formatSize } from '../common/text/size';

const MIB = 1024 ** 2;

/** The option `nodeHeap` after validation; undefined if it was left out. */
export type NodeHeapSetting = 'auto' | number | false | undefined;

/** The variables of a child's environment that decide about its heap; undefined for one that is not set. */
type HeapVariables = Record<(typeof VARIABLES)[number], string | undefined>;

const VARIABLES = ['NODE_OPTIONS', 'MEMCAGE_NODE_HEAP'] as const;
/** Made once, because every variable of every child is compared with these. */
const PREFIXES = VARIABLES.map((name) => [name, `${name}=`] as const);

/** A child that is about to be started. */
interface StartedProgram {
  file: string;
  args: readonly unknown[];
}

/** The memory limit of a child's cage. */
interface Ceiling {
  /** Undefined without a limit. Asked only if it matters. */
  bytes: () => number | undefined;
  /** Whether the child can't see the limit. */
  isHidden: boolean;
}

interface NodeHeapPlan {
  /** The variables for the child. */
  variables: HeapVariables;
  /** The limit that memcage set; undefined if it set none. */
  limitBytes: number | undefined;
}

/**
 * Validates the option, without looking at the machine.
 *
 * @param memoryBytes all memory that the child may have. A heap that can't be full before that ends nothing by itself
 */
export function resolveNodeHeap(option: unknown, memoryBytes: number): NodeHeapSetting {
  if (option === undefined || option === 'auto' || option === false) return option;
  const isSize = typeof option === 'number' || typeof option === 'string';
  const bytes = isSize ? checkSize('nodeHeap', option, { pageBytes: 1 }) : Number.NaN;
  if (!(bytes >= MIB && bytes < Number.POSITIVE_INFINITY)) {
    throw invalidArgument(
      'nodeHeap',
      words`'auto', ${mention(NO_HEAP_LIMIT, 'false')}, or a size of at least 1 MiB such as '64M'`,
      option,
    );
  }
  if (!fitsIn(bytes, memoryBytes)) {
    const expected = `a size below the ${formatSize(memoryBytes)} of memory (or 'auto', which is half of it)`;
    throw invalidArgument('nodeHeap', expected, option);
  }
  return bytes;
}

/** Whether the heap can be full before the memory is. */
export function fitsIn(setting: NodeHeapSetting, memoryBytes: number): boolean {
  return typeof setting !== 'number' || setting < memoryBytes;
}

/**
 * Limits the heap in the environment of a child. A program called `node` gets a limit unless the setting is `false`;
 * other programs, which may start a `node`, get one only if there is a setting. A limit that somebody has already
 * chosen stays, unless the setting is a number.
 *
 * The limit is set in NODE_OPTIONS and not on the command line: arguments may belong to the program (single
 * executables, packers, version managers), and a worker thread refuses a `process.execArgv` with this option as its
 * `execArgv`.
 */
export function withNodeHeap(
  program: StartedProgram & { env: string[] },
  setting: NodeHeapSetting,
  ceiling: Ceiling,
): { env: string[]; limitBytes: number | undefined } {
  if (isUntouched(program, setting)) return { env: program.env, limitBytes: undefined };
  const given: HeapVariables = { NODE_OPTIONS: undefined, MEMCAGE_NODE_HEAP: undefined };
  for (const [name, prefix] of PREFIXES) {
    const pair = program.env.find((each) => each.startsWith(prefix));
    if (pair !== undefined) given[name] = pair.slice(prefix.length);
  }
  const { variables, limitBytes } = planNodeHeap(program, given, setting, ceiling);
  if (variables === given) return { env: program.env, limitBytes };
  const others = program.env.filter((pair) => !PREFIXES.some(([, prefix]) => pair.startsWith(prefix)));
  const pairs = Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return { env: [...others, ...pairs], limitBytes };
}

/** {@link withNodeHeap} for the option `env` of Node's functions, which also use what `env` inherits. */
export function withNodeHeapIn(
  program: StartedProgram & { env: NodeJS.ProcessEnv },
  setting: NodeHeapSetting,
  ceiling: Ceiling,
): { env: NodeJS.ProcessEnv; limitBytes: number | undefined } {
  const { env } = program;
  if (isUntouched(program, setting)) return { env, limitBytes: undefined };
  const { NODE_OPTIONS, MEMCAGE_NODE_HEAP } = env;
  const given: HeapVariables = { NODE_OPTIONS, MEMCAGE_NODE_HEAP };
  const { variables, limitBytes } = planNodeHeap(program, given, setting, ceiling);
  if (variables === given) return { env, limitBytes };
  const copy = Object.create(Object.getPrototypeOf(env) as object | null) as NodeJS.ProcessEnv;
  return { env: Object.assign(copy, env, variables), limitBytes };
}

/** Without a setting, only a program called `node` gets a limit. */
function isUntouched({ file }: StartedProgram, setting: NodeHeapSetting): boolean {
  return setting === undefined && !isNode(file);
}

function planNodeHeap(
  { args }: StartedProgram,
  given: HeapVariables,
  setting: NodeHeapSetting,
  { bytes: askBytes, isHidden }: Ceiling,
): NodeHeapPlan {
  if (setting === false) return { variables: withoutOwn(given), limitBytes: undefined };
  const ceilingBytes = askBytes() ?? Number.POSITIVE_INFINITY;
  const untouched: NodeHeapPlan = { variables: given, limitBytes: undefined };
  const options = wordsIn(withoutOwn(given).NODE_OPTIONS);
  // The command line takes precedence over the variable. In the variable, the last option wins.
  const isChosen = args.some(isHeapOption) || (typeof setting !== 'number' && options.some(isHeapOption));
  const bytes = typeof setting === 'number' ? setting : autoBytes(ceilingBytes);
  if (isChosen || bytes < MIB || bytes === Number.POSITIVE_INFINITY) return untouched;
  const mebibytes = Math.floor(bytes / MIB);
  const isYoungChosen = [...args, ...options].some(isYoungOption);
  // If the limit was hidden from this process, it is hidden from its children too.
  const isUnknown = isHidden || given.MEMCAGE_NODE_HEAP?.includes(',') === true;
  const young = isUnknown && !isYoungChosen ? semiSpaceMebibytes(ceilingBytes) : undefined;
  const own = young === undefined ? String(mebibytes) : `${mebibytes},${young}`;
  const NODE_OPTIONS = [...options, ...optionsOf(own)].join(' ');
  return { variables: { NODE_OPTIONS, MEMCAGE_NODE_HEAP: own }, limitBytes: mebibytes * MIB };
}

/**
 * Half of the memory, at most 4 GiB: what V8 itself derives from what Node tells it, without V8's minimum of 256 MiB.
 * The other half is needed: a growing array exists twice for a while, and there are the young generation and code.
 * docs/reference/node-heap.md has the measurements.
 */
function autoBytes(ceilingBytes: number): number {
  if (ceilingBytes === Number.POSITIVE_INFINITY) return ceilingBytes;
  return Math.min(ceilingBytes / 2, totalmem() / 2, 4096 * MIB);
}

/**
 * The semi-space size that V8 in Node 20 derives from the memory that it knows of; from 512 MiB on, newer versions
 * take more. The young generation is three semi-spaces, in addition to the old generation. Without this limit a
 * semi-space is 16 MiB, in Node 24 even 64 MiB. Undefined if it fits anyway.
 */
function semiSpaceMebibytes(ceilingBytes: number): number | undefined {
  if (ceilingBytes <= 512 * MIB) return 1;
  if (ceilingBytes <= 1024 * MIB) return 4;
  return ceilingBytes <= 2048 * MIB ? 8 : undefined;
}

/** Removes what memcage set for this process, whose cage may differ from the child's. */
function withoutOwn(given: HeapVariables): HeapVariables {
  const { NODE_OPTIONS, MEMCAGE_NODE_HEAP } = given;
  if (MEMCAGE_NODE_HEAP === undefined) return given;
  const own = optionsOf(MEMCAGE_NODE_HEAP);
  const rest = wordsIn(NODE_OPTIONS).filter((word) => !own.includes(word));
  return { NODE_OPTIONS: rest.length === 0 ? undefined : rest.join(' '), MEMCAGE_NODE_HEAP: undefined };
}

/** @param own MiB of the old generation, and of a semi-space if that is set: `50` or `50,1` */
function optionsOf(own: string): string[] {
  const [old, young] = own.split(',');
  return [`--max-old-space-size=${old}`, ...(young === undefined ? [] : [`--max-semi-space-size=${young}`])];
}

function wordsIn(options: string | undefined): string[] {
  return options === undefined || options.trim() === '' ? [] : options.trim().split(' ');
}

function isHeapOption(word: unknown): boolean {
  return typeof word === 'string' && /^"?--max[-_]old[-_]space[-_]size([-_]percentage)?(=|$)/.test(word);
}

function isYoungOption(word: unknown): boolean {
  return typeof word === 'string' && /^"?--max[-_]semi[-_]space[-_]size(=|$)/.test(word);
}

/** Goes by the name alone: a program may only be called `node`. */
export function isNode(file: string): boolean {
  return file === process.execPath || ['node', 'nodejs'].includes(basename(file).replace(/\.exe$/i, ''));
}

/** A child whose heap memcage limited. */
export interface LimitedHeap {
  limitBytes: number;
  /** Whether it is the first process of a PID namespace. */
  isPidOne: boolean;
}

export interface HeapEvidence {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  oom: Pick<OomVerdict, 'cause'> | null;
  /** The peak of the child's cage in bytes; `null` if the kernel did not count. */
  peakBytes: number | null;
}

/**
 * Whether V8's heap limit ended a child. V8 ends a process at the limit by abort(), and says so on stderr, which is
 * not ours to read. All that memcage can see is the abort of a process that held that much memory.
 */
export function judgeNodeHeap(
  { limitBytes, isPidOne }: LimitedHeap,
  { exitCode, signal, oom, peakBytes }: HeapEvidence,
): NodeHeapReport {
  // By itself, or as a shell reports it.
  if (signal === 'SIGABRT' || exitCode === EXIT_CODE_OF_ABORT) {
    // A table that grows to twice its size needs room for both, so growth can fail when a third of the heap is in
    // use.
    const fits = oom === null && peakBytes !== null && peakBytes >= limitBytes / 3;
    return { limitBytes, exhausted: fits ? 'likely' : 'unknown' };
  }
  // pid 1 ignores SIGABRT; abort(3) then ends it with a faulting instruction.
  const mayHaveAborted = isPidOne && (signal === 'SIGSEGV' || signal === 'SIGTRAP' || signal === 'SIGILL');
  return { limitBytes, exhausted: mayHaveAborted ? 'unknown' : 'no' };
}

/** The exit code with which a shell reports SIGABRT, and Node exits on Windows, where that signal has another number. */
const EXIT_CODE_OF_ABORT = 134;
