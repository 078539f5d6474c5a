import { closeSync } from 'node:fs';
import { createCage, type Outcome, type SharedCage } from '../../../../index';
import type { Point } from '../../chart/chart-data';
import type { CagedRequest } from '../run/caged';
import { type Recording, record } from '../run/recording';

/** What the command line asks of `memcage size`. */
export interface SizeRequest extends CagedRequest {
  /** The exit code with which the command runs well. */
  exitCode: number;
  /** How much more processor time than without a limit it may take: 0.5 is half as much again. */
  slack: number;
  /** How long it may take to find a closer answer, in milliseconds. */
  timeMs: number;
  /** A file, or '-' for the stdin of memcage; undefined for an empty one. */
  input: string | undefined;
  showsOutput: boolean;
}

/** What one run of the command told. Sizes are in bytes, times in milliseconds. */
export interface Trial {
  /** `Infinity` without a limit. */
  limitBytes: number;
  durationMs: number;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  oomKills: number;
  /** Whether it was ended since it got nowhere because of memory. */
  isStalled: boolean;
  /** Whether it was ended since it took too long. */
  isCut: boolean;
  /** Whether it was ended since it had read too many pages again. */
  isThrashing: boolean;
  /** Whether it was ended since it had used up its processor time. */
  isSpent: boolean;
  isHeapExhausted: boolean;
  /** How long processes were stalled for want of memory; null where the kernel does not tell. */
  stallMs: number | null;
  /** Processor time. */
  cpuMs: number;
  majorFaults: number;
  /** How many pages were read again after the kernel had dropped them; null where it does not tell. */
  refaults: number | null;
  /** Null if neither the kernel nor a sample tells. */
  peakBytes: number | null;
  /** The program memory: about the most of programs and of the kernel, without page cache; undefined if there were no samples. */
  programBytes: number | undefined;
  /** Why it was not started. */
  error: NodeJS.ErrnoException | undefined;
}

export interface TrialBounds {
  /** `Infinity` for none. */
  limitBytes: number;
  /** When to end what takes too long; undefined: never. */
  cutMs?: number;
  /** When to end what gets nowhere because of memory; undefined: never. */
  stallMs?: number;
  /** How many pages it may read again before it is ended. */
  refaults?: number;
  /** How much processor time it may use before it is ended. */
  cpuMs?: number;
  /** Whether to look at its memory while it runs, which takes a little of the processor. Each run is looked at where the kernel records no peak. */
  isSampled?: boolean;
}

/** How often to look whether a run reads too much again. */
const LOOK_MS = 200;

/**
 * Runs the command once, in a cage of its own. That it can't be started is no failure: a small limit is one cause.
 *
 * @param openInput opens what is its stdin, anew for each run; undefined for none
 */
export async function runTrial(
  request: SizeRequest,
  bounds: TrialBounds,
  openInput: () => number | undefined,
): Promise<Trial> {
  const cage = makeCage(request, bounds);
  try {
    return await runIn(cage, request, bounds, openInput);
  } finally {
    await dropCache(cage);
    await cage.close();
  }
}

function makeCage({ cage: { memory: asked, ...cage } }: SizeRequest, bounds: TrialBounds): SharedCage {
  const { limitBytes, stallMs, cpuMs } = bounds;
  const memory = Number.isFinite(limitBytes) ? { ...asked, max: limitBytes } : ('max' as const);
  const options = { ...cage, memory, enforce: 'kernel' } as const;
  const ends = [
    ...(stallMs === undefined ? [] : [{ stall: { limitMs: stallMs } }]),
    ...(cpuMs === undefined
      ? []
      : [{ cpuTimeMs: Math.min(Math.ceil(cpuMs), cage.cpuTimeMs ?? Number.POSITIVE_INFINITY) }]),
  ];
  // What this kernel does not tell of, the time ends, only later.
  for (const watched of [Object.assign({}, ...ends) as object, ...ends]) {
    try {
      return createCage({ ...options, ...watched });
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_MEMCAGE_UNSUPPORTED') throw error;
    }
  }
  return createCage(options);
}

async function runIn(
  cage: SharedCage,
  request: SizeRequest,
  { limitBytes, cutMs, refaults: mostRefaults, isSampled }: TrialBounds,
  openInput: () => number | undefined,
): Promise<Trial> {
  const input = openInput();
  const startMs = performance.now();
  let child: ReturnType<typeof start>;
  try {
    child = start(cage, request, input ?? 'ignore');
  } catch (error) {
    return { ...NOT_STARTED, limitBytes, error: error as NodeJS.ErrnoException };
  } finally {
    if (input !== undefined) closeSync(input);
  }
  // The outcome has the error too.
  child.on('error', () => {});
  // Read, so that it ends as it would in a pipeline: some programs do less if /dev/null is their stdout, such as grep.
  child.stdout?.resume();
  child.stderr?.resume();
  // cgroup v2 has no peak before Linux 5.19.
  const isWatched = isSampled === true || cage.cgroup.peak() === null;
  const recording = isWatched && child.pid !== undefined ? record(cage, cage.cgroup, startMs) : undefined;
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    child.kill('SIGKILL');
  };
  const timer = cutMs === undefined ? undefined : setTimeout(cut, cutMs);
  let isThrashing = false;
  const look = (): void => {
    if (isThrashing || (refaultsOf(cage) ?? 0) <= (mostRefaults ?? 0)) return;
    isThrashing = true;
    child.kill('SIGKILL');
  };
  const looks = mostRefaults === undefined ? undefined : setInterval(look, LOOK_MS);
  const outcome = await child.outcome;
  clearTimeout(timer);
  clearInterval(looks);
  await recording?.stop(outcome.durationMs);
  if (child.pid === undefined) {
    return { ...NOT_STARTED, limitBytes, error: outcome.error ?? new Error('it could not be started') };
  }
  return { ...trialOf(outcome, recording), limitBytes, isCut, isThrashing, refaults: refaultsOf(cage) };
}

const NOT_STARTED = {
  durationMs: 0,
  exitCode: null,
  signal: null,
  oomKills: 0,
  isStalled: false,
  isCut: false,
  isThrashing: false,
  isSpent: false,
  isHeapExhausted: false,
  stallMs: null,
  cpuMs: 0,
  majorFaults: 0,
  refaults: null,
  peakBytes: null,
  programBytes: undefined,
} as const;

function start(cage: SharedCage, { file, args, child, showsOutput }: SizeRequest, input: number | 'ignore') {
  // stdout is for the result.
  const output = showsOutput ? 2 : 'pipe';
  return cage.spawn(file, [...args], { stdio: [input, output, output], ...child, memoryDetails: true });
}

function trialOf(
  { exitCode, signal, oom, stalled, nodeHeap, memory, limits, faults, cpu, durationMs }: Outcome,
  recording: Recording | undefined,
): Omit<Trial, 'limitBytes' | 'isCut' | 'isThrashing' | 'refaults'> {
  const points = recording?.timeline.points ?? [];
  const most = (of: (point: Point) => number): number => Math.max(0, ...points.map(of));
  const seenBytes = most(({ usageBytes }) => usageBytes);
  // A sample may come before the command has any memory.
  const peakBytes = memory.peakBytes ?? (seenBytes > 0 ? seenBytes : null);
  // A peak between two samples is one of programs: page cache grows more slowly, and stays.
  const programBytes = Math.max(
    (peakBytes ?? 0) - most(({ fileBytes }) => fileBytes),
    most(({ anonBytes, kernelBytes, swapBytes }) => anonBytes + kernelBytes + swapBytes),
  );
  return {
    durationMs,
    exitCode,
    signal,
    oomKills: oom?.kills ?? 0,
    isStalled: stalled?.killed === true,
    isSpent: limits.cpuTime?.hit === true,
    isHeapExhausted: nodeHeap?.exhausted === 'likely',
    stallMs: memory.details?.pressure?.someMs ?? null,
    // Of a child in a cage of the kernel's, memcage always knows both.
    cpuMs: (cpu?.userMs ?? 0) + (cpu?.systemMs ?? 0),
    majorFaults: faults?.major ?? 0,
    peakBytes,
    programBytes: recording && programBytes,
    error: undefined,
  };
}

/** How many pages all that ran in the cage read again: the kernel adds the count of a removed cgroup to those above it. */
function refaultsOf({ cgroup }: SharedCage): number | null {
  const stat = cgroup.get('memory.stat');
  const prefix = cgroup.version === 1 ? 'total_' : '';
  // One figure before Linux 5.9.
  const counts = ['', '_anon', '_file'].flatMap((kind) => stat[`${prefix}workingset_refault${kind}`] ?? []);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Has the next run find the machine as this one did: what this one has read or written for the first time is charged to it, and
 * stays in memory, where the next one would find it without being charged.
 */
async function dropCache({ cgroup }: SharedCage): Promise<void> {
  try {
    if (cgroup.version === 1) cgroup.set('memory.force_empty', 0);
    else await cgroup.reclaim('max');
  } catch {
    // An older kernel, or nothing is left to take back. The next run is charged for less then.
  }
}
