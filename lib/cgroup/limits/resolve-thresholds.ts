import type { CageThreshold } from '../../../types/options';
import { invalidArgument } from '../../common/errors/argument-errors';
import { checkSize } from '../../common/text/size';
import type { CageLimits } from './cage-limits';

/** A threshold after validation. */
export interface ResolvedThreshold {
  /** The threshold as the caller gave it, for events. */
  readonly given: CageThreshold;
  /** In bytes, or as a share of the limit. */
  readonly at: { readonly bytes: number } | { readonly percent: number };
}

const EXPECTED = "a size such as '200M', or a whole percentage from '1%' to '100%'";

const PERCENTAGE = /^([1-9]\d?|100)%$/;

/**
 * Validates the option `thresholds`. What means the same is there once.
 *
 * @param limits those of the same cage
 */
export function resolveThresholds(given: unknown, limits: CageLimits): readonly ResolvedThreshold[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw invalidArgument('thresholds', "a list of sizes and percentages, as in ['80%', '200M']", given);
  }
  const resolved = given.map((each: unknown, index) => resolveOne(`thresholds[${index}]`, each, limits));
  return resolved.filter(({ at }, index) => resolved.findIndex((other) => isSame(other.at, at)) === index);
}

/** Where the threshold is, with a limit of so many bytes. */
export function thresholdBytes({ at }: ResolvedThreshold, limitBytes: number): number {
  return 'bytes' in at ? at.bytes : Math.floor((limitBytes * at.percent) / 100);
}

function resolveOne(option: string, given: unknown, limits: CageLimits): ResolvedThreshold {
  if (typeof given === 'string' && given.includes('%')) {
    const percent = Number(PERCENTAGE.exec(given)?.[1]);
    if (Number.isNaN(percent)) throw invalidArgument(option, EXPECTED, given);
    const { max = Number.POSITIVE_INFINITY } = limits.memory;
    if (max === Number.POSITIVE_INFINITY) {
      throw invalidArgument(option, 'a size (a percentage is one of memory.max, which this cage does not have)', given);
    }
    return { given: given as CageThreshold, at: { percent } };
  }
  const bytes = checkSize(option, given, { expected: EXPECTED });
  if (bytes === Number.POSITIVE_INFINITY) throw invalidArgument(option, 'a size that can be reached', given);
  return { given: given as CageThreshold, at: { bytes } };
}

function isSame(one: ResolvedThreshold['at'], other: ResolvedThreshold['at']): boolean {
  if ('bytes' in one) return 'bytes' in other && one.bytes === other.bytes;
  return 'percent' in other && one.percent === other.percent;
}
