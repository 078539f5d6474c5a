import { formatDuration } from '../../../../common/text/duration';
import { formatSize } from '../../../../index';
import type { Colors } from '../../text/style';
import { tableOf } from '../../text/text-table';
import type { Baseline } from './baseline';
import { bytesAt, placeOf, sizeAt } from './grid';
import { type TrialJudgement, wordsOf } from './judgement';
import type { FoundLimits } from './search';
import type { Trial } from './trial';

/** A run, and how it went. */
export interface JudgedTrial extends Trial {
  judgement: TrialJudgement;
}

/** A limit, in bytes and as one writes it. */
interface NamedSize {
  bytes: number;
  size: string;
}

/** All that was found out about a command. */
export interface SizeResult {
  command: readonly string[];
  /** Undefined if it never ran well at a limit. */
  recommended: NamedSize | undefined;
  /** The smallest limit at which it ran well. */
  smallest: NamedSize | undefined;
  /** The largest limit below at which it did not; undefined if it always did. */
  tooSmall: NamedSize | undefined;
  /** Whether it ran well twice at the smallest limit, and not at the next size below: there was time to find that out. */
  isCertain: boolean;
  baseline: Baseline;
  /** In the order of time. Those without a limit come first. */
  trials: readonly JudgedTrial[];
}

/** What the recommendation has more than the smallest good limit: as much as runs of a command differ, and its data grow. */
const MARGIN = 1.1;

export function resultOf(
  command: readonly string[],
  baseline: Baseline,
  trials: readonly JudgedTrial[],
  { good, bad, isCertain }: FoundLimits,
): SizeResult {
  const recommended = good === undefined ? undefined : placeOf(MARGIN * bytesAt(good));
  return {
    command,
    recommended: named(recommended),
    smallest: named(good),
    tooSmall: named(bad),
    isCertain,
    baseline,
    trials,
  };
}

function named(place: number | undefined): NamedSize | undefined {
  return place === undefined ? undefined : { bytes: bytesAt(place), size: sizeAt(place) };
}

const TITLES = ['LIMIT', 'TIME', 'CPU', 'PEAK', 'STALL', 'READ AGAIN', 'RUN'];
const SIDES = ['right', 'right', 'right', 'right', 'right', 'right', 'left'] as const;

/** The runs by their limits, and what follows from them. */
export function renderResult(result: SizeResult, { bold, dim, green, red }: Colors): string {
  const [titles = [], ...rows] = rowsOf(result);
  const painted = rows.map((row) => [...row.slice(0, -1), (row.at(-1) === 'well' ? green : red)(row.at(-1) ?? '')]);
  return `${tableOf([titles.map(dim), ...painted], SIDES)}\n${conclusions(result, bold).join('\n')}\n`;
}

/** The titles, and a row for each run, those with the highest limits first. */
export function rowsOf({ trials }: SizeResult): (readonly string[])[] {
  const rows = [...trials]
    .sort(byLimit)
    .map((trial) => [
      limitText(trial),
      formatDuration(trial.durationMs),
      formatDuration(trial.cpuMs),
      trial.peakBytes === null ? '' : formatSize(trial.peakBytes),
      trial.stallMs === null ? '' : formatDuration(trial.stallMs),
      trial.refaults === null ? '' : trial.refaults.toLocaleString('en'),
      wordsOf(trial.judgement, trial),
    ]);
  return [TITLES, ...rows];
}

function byLimit(a: JudgedTrial, b: JudgedTrial): number {
  // The difference of two that have none is not a number.
  return a.limitBytes === b.limitBytes ? 0 : b.limitBytes - a.limitBytes;
}

/** What was found, in a sentence. */
export function conclusionOf({ recommended, smallest }: SizeResult): string {
  if (recommended === undefined || smallest === undefined) return 'It ran well at none of these limits.';
  return `Give it -m ${recommended.size}: the smallest limit at which it ran well is ${smallest.size}.`;
}

/** The limit of a run as the user writes it, not as formatSize() rounds it. */
export function limitText({ limitBytes }: Pick<JudgedTrial, 'limitBytes'>): string {
  return Number.isFinite(limitBytes) ? sizeAt(placeOf(limitBytes)) : 'none';
}

export function peakText({ peakBytes }: Pick<Baseline, 'peakBytes'>): string {
  return peakBytes === null ? 'unknown' : formatSize(peakBytes);
}

function conclusions(result: SizeResult, bold: Colors['bold']): string[] {
  const { baseline, recommended, smallest, tooSmall, isCertain } = result;
  const { durationMs, allowed, programBytes } = baseline;
  const free =
    `without a limit:  ${formatDuration(durationMs)}, peak ${peakText(baseline)}, of which programs and kernel at ` +
    `most some ${formatSize(programBytes)}`;
  const costs = [
    `exit code ${baseline.exitCode}, nothing killed`,
    `up to ${formatDuration(allowed.cpuMs)} of processor time`,
    `${Math.floor(allowed.refaults).toLocaleString('en')} pages read again`,
  ];
  const well = `runs well:        ${costs.join(', ')}`;
  if (recommended === undefined || smallest === undefined) {
    return [free, well, 'It ran well at none of these limits.'];
  }
  const below = tooSmall === undefined ? 'and nothing less was tried' : `but not at ${tooSmall.size}`;
  const doubt =
    isCertain || tooSmall === undefined
      ? ''
      : `: to within ${percentOver(smallest, tooSmall)} % (--for 5m for a closer one)`;
  return [
    free,
    well,
    `smallest limit:   ${smallest.size}, ${below}${doubt}`,
    `${bold(`recommended:      -m ${recommended.size}`)} (10 % more, rounded up)`,
  ];
}

function percentOver(above: NamedSize, below: NamedSize): number {
  return Math.round((above.bytes / below.bytes - 1) * 100);
}

/** The result for programs. */
export function jsonOf({ baseline, trials, ...result }: SizeResult): object {
  const { exitCode, durationMs, allowed, peakBytes, programBytes } = baseline;
  return {
    ...result,
    recommended: result.recommended ?? null,
    smallest: result.smallest ?? null,
    tooSmall: result.tooSmall ?? null,
    free: { exitCode, durationMs, allowed, peakBytes, programBytes },
    runs: trials.map(({ programBytes: _, error, ...trial }) => ({
      ...trial,
      ...(error !== undefined && { error: error.message }),
    })),
  };
}
