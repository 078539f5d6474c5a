import type { Baseline } from './baseline';
import { bytesAt, placeOf, sizeAt } from './grid';
import type { Found } from './search';
import type { Trial } from './trial';
import type { Judgement } from './verdict';

/** A run, and how it went. */
export interface JudgedTrial extends Trial {
  judgement: Judgement;
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
  /** Whether it ran well twice at the smallest limit, and not at the next size below. */
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
  { good, bad, isCertain }: Found,
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
