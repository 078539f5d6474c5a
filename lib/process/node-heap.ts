import { constants, totalmem } from 'node:os';
import { basename } from 'node:path';
import type { NodeHeapReport, OomVerdict } from '../../types/outcome';
import { invalidArgument } from '../errors/errors';
import { checkSize } from '../text/size';

const MIB = 1024 ** 2;

/** The option `nodeHeap` after validation; undefined when it was left out. */
export type NodeHeapSetting = 'auto' | number | false | undefined;

/** The variables of a child's environment that decide about its heap; undefined where there is none. */
type HeapVariables = Record<(typeof VARIABLES)[number], string | undefined>;

const VARIABLES = ['NODE_OPTIONS', 'MEMCAGE_NODE_HEAP'] as const;
/** Made once: this is looked for in each variable of each child. */
const PREFIXES = VARIABLES.map((name) => [name, `${name}=`] as const);

/** A child that is about to be started. */
interface Program {
  file: string;
  args: readonly unknown[];
}

/** The limit of the cage of a child. */
interface Ceiling {
  /** Undefined without one. */
  bytes: number | undefined;
  /** The child can't find it. */
  isHidden: boolean;
}

interface NodeHeapPlan {
  /** What the variables are to be. */
  variables: HeapVariables;
  /** What memcage has set; undefined: it has set nothing. */
  limitBytes: number | undefined;
}

/** Validates the option, without looking at the machine. */
export function resolveNodeHeap(option: unknown): NodeHeapSetting {
  if (option === undefined || option === 'auto' || option === false) return option;
  const isSize = typeof option === 'number' || typeof option === 'string';
  const bytes = isSize ? checkSize('nodeHeap', option, { pageBytes: 1 }) : Number.NaN;
  if (bytes >= MIB && bytes < Number.POSITIVE_INFINITY) return bytes;
  throw invalidArgument('nodeHeap', "'auto', false, or a size of at least 1 MiB such as '64M'", option);
}

/**
 * The environment of a child, its heap limited. What is called `node` gets a limit unless the setting is `false`; other
 * programs, which may start one, only by a setting. A limit that somebody has chosen already stays, unless the setting is a
 * number.
 *
 * It goes by NODE_OPTIONS and not by the command line: arguments may be the program's own (single executables, packers,
 * version managers), and a worker thread refuses a `process.execArgv` with this option in it as its `execArgv`.
 */
export function withNodeHeap(
  program: Program & { env: string[] },
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

/** The same for the option `env` of Node's functions, which take in what `env` inherits. */
export function withNodeHeapIn(
  program: Program & { env: NodeJS.ProcessEnv },
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

/** Without a setting only a program that is called `node` is given a limit. */
function isUntouched({ file }: Program, setting: NodeHeapSetting): boolean {
  return setting === undefined && !isNode(file);
}

function planNodeHeap(
  { args }: Program,
  given: HeapVariables,
  setting: NodeHeapSetting,
  { bytes: ceilingBytes = Number.POSITIVE_INFINITY, isHidden }: Ceiling,
): NodeHeapPlan {
  if (setting === false) return { variables: withoutOwn(given), limitBytes: undefined };
  const untouched: NodeHeapPlan = { variables: given, limitBytes: undefined };
  const options = words(withoutOwn(given).NODE_OPTIONS);
  // A command line counts more than the variable, of which the last option counts.
  const isChosen = args.some(isHeapOption) || (typeof setting !== 'number' && options.some(isHeapOption));
  const bytes = typeof setting === 'number' ? setting : autoBytes(ceilingBytes);
  if (isChosen || bytes < MIB || bytes === Number.POSITIVE_INFINITY) return untouched;
  const mebibytes = Math.floor(bytes / MIB);
  const isYoungChosen = [...args, ...options].some(isYoungOption);
  // Nor can the child's own children.
  const isUnknown = isHidden || given.MEMCAGE_NODE_HEAP?.includes(',') === true;
  const young = isUnknown && !isYoungChosen ? semiSpaceMebibytes(ceilingBytes) : undefined;
  const own = young === undefined ? String(mebibytes) : `${mebibytes},${young}`;
  const NODE_OPTIONS = [...options, ...optionsOf(own)].join(' ');
  return { variables: { NODE_OPTIONS, MEMCAGE_NODE_HEAP: own }, limitBytes: mebibytes * MIB };
}

/**
 * Half of the memory, 4 GiB at most: what V8 takes by itself from what Node tells it, but for its least of 256 MiB. The rest is
 * needed: an array that grows is there twice, beside the young generation and code. docs/node-heap.md has the measurements.
 */
function autoBytes(ceilingBytes: number): number {
  if (ceilingBytes === Number.POSITIVE_INFINITY) return ceilingBytes;
  return Math.min(ceilingBytes / 2, totalmem() / 2, 4096 * MIB);
}

/**
 * What V8 in Node 20 makes of the memory that it knows of; newer ones, from 512 MiB on, take more. The young generation, three
 * of these, is beside the old one: without the limit each is 16 MiB, in Node 24 even 64. Undefined: it fits in any case.
 */
function semiSpaceMebibytes(ceilingBytes: number): number | undefined {
  if (ceilingBytes <= 512 * MIB) return 1;
  if (ceilingBytes <= 1024 * MIB) return 4;
  return ceilingBytes <= 2048 * MIB ? 8 : undefined;
}

/** Without what memcage has set for the process that we are in, whose cage may be another than the child's. */
function withoutOwn(given: HeapVariables): HeapVariables {
  const { NODE_OPTIONS, MEMCAGE_NODE_HEAP } = given;
  if (MEMCAGE_NODE_HEAP === undefined) return given;
  const own = optionsOf(MEMCAGE_NODE_HEAP);
  const rest = words(NODE_OPTIONS).filter((word) => !own.includes(word));
  return { NODE_OPTIONS: rest.length === 0 ? undefined : rest.join(' '), MEMCAGE_NODE_HEAP: undefined };
}

/** @param own MiB of the old generation, and of a semi-space where that is set: `50` or `50,1` */
function optionsOf(own: string): string[] {
  const [old, young] = own.split(',');
  return [`--max-old-space-size=${old}`, ...(young === undefined ? [] : [`--max-semi-space-size=${young}`])];
}

function words(options: string | undefined): string[] {
  return options === undefined || options.trim() === '' ? [] : options.trim().split(' ');
}

function isHeapOption(word: unknown): boolean {
  return typeof word === 'string' && /^"?--max[-_]old[-_]space[-_]size([-_]percentage)?(=|$)/.test(word);
}

function isYoungOption(word: unknown): boolean {
  return typeof word === 'string' && /^"?--max[-_]semi[-_]space[-_]size(=|$)/.test(word);
}

/** By its name alone: what is only called so does not mind the variable. */
function isNode(file: string): boolean {
  return file === process.execPath || ['node', 'nodejs'].includes(basename(file));
}

/** A child whose heap memcage has limited. */
export interface LimitedHeap {
  limitBytes: number;
  /** The first process of a PID namespace. */
  isPidOne: boolean;
}

export interface HeapEvidence {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  oom: OomVerdict | null;
  /** Of its cage; `null` where nobody has counted. */
  peakBytes: number | null;
}

/**
 * Whether V8's heap limit has ended a child. V8 ends a process at it by abort(), and says so on stderr, which is not ours to
 * read: an abort of a process that has held as much memory is all that can be seen.
 */
export function judgeNodeHeap(
  { limitBytes, isPidOne }: LimitedHeap,
  { exitCode, signal, oom, peakBytes }: HeapEvidence,
): NodeHeapReport {
  // By itself, or as a shell passes it on.
  if (signal === 'SIGABRT' || exitCode === EXIT_CODE_OF_ABORT) {
    // A table that grows to twice its size beside the old one finds no room when a third of the heap is in use.
    const fits = oom === null && peakBytes !== null && peakBytes >= limitBytes / 3;
    return { limitBytes, exhausted: fits ? 'likely' : 'unknown' };
  }
  // SIGABRT does nothing to pid 1, after which abort(3) ends it by an instruction that faults.
  const mayHaveAborted = isPidOne && (signal === 'SIGSEGV' || signal === 'SIGTRAP' || signal === 'SIGILL');
  return { limitBytes, exhausted: mayHaveAborted ? 'unknown' : 'no' };
}

const EXIT_CODE_OF_ABORT = 128 + constants.signals.SIGABRT;
