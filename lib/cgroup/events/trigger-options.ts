import type { Size } from '../../../types/options';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { readOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';
import type { CgroupVersion } from '../files/formats';

const STALLS = ['some', 'full'] as const;
const LEVELS = ['low', 'medium', 'critical'] as const;
const MODES = ['default', 'hierarchy', 'local'] as const;
const WINDOW_MS = { least: 1, most: 10_000, default: 2000 };

/**
 * v2, Linux 5.2, CONFIG_PSI: a trigger on the time in which tasks were stalled because memory was short.
 *
 * @experimental
 */
export interface PressureStall {
  /** `some`: at least one task was stalled; `full`: all of them at once. */
  pressure: (typeof STALLS)[number];
  /** Stall time in milliseconds. 'pressure' is emitted when a window has this much, at most once per window. */
  thresholdMs: number;
  /**
   * Length of the window in milliseconds, at most 10,000; before Linux 6.4 at least 500. Without CAP_SYS_RESOURCE,
   * Linux 6.5 and newer take only multiples of 2000. Default: 2000.
   */
  windowMs?: number;
}

/**
 * v1: a trigger on how hard it is to reclaim memory.
 *
 * @experimental
 */
export interface PressureLevel {
  /** This level, or a higher one. */
  pressure: (typeof LEVELS)[number];
  /**
   * `default`: include events of cgroups below, unless someone was notified there; `hierarchy`: include all of them;
   * `local`: only events of this cgroup itself. Default: `default`. Linux 4.13.
   */
  mode?: (typeof MODES)[number];
}

/**
 * v1: a trigger for when memory use goes above a threshold, or below it again.
 *
 * @experimental
 */
export interface UsageThreshold {
  /** The threshold. The kernel compares about once in 128 pages. */
  threshold: Size;
  /** Which use to compare. `memory+swap` needs swap accounting. Default: `memory`. */
  of?: 'memory' | 'memory+swap';
}

/**
 * The trigger that {@link Cgroup.addTrigger} takes.
 *
 * @experimental
 */
export type Trigger = PressureStall | PressureLevel | UsageThreshold;

/** A checked trigger, with defaults filled in. */
export type CheckedTrigger =
  | { kind: 'stall'; stall: PressureStall['pressure']; thresholdMs: number; windowMs: number }
  | { kind: 'level'; level: PressureLevel['pressure']; mode: NonNullable<PressureLevel['mode']> }
  | { kind: 'usage'; bytes: number; of: NonNullable<UsageThreshold['of']> };

/** Throws TypeError or RangeError, and ERR_MEMCAGE_NOT_IN_VERSION for a trigger of the other cgroup version. */
export function checkTrigger(trigger: unknown, version: CgroupVersion, pageBytes: number): CheckedTrigger {
  if (typeof trigger !== 'object' || trigger === null) throw invalidArgument('trigger', 'an object', trigger);
  if ('threshold' in trigger) return checkUsage(trigger, version, pageBytes);
  const { pressure } = trigger as { pressure?: unknown };
  if (isOneOf(STALLS, pressure)) return checkStall(pressure, trigger, version);
  if (isOneOf(LEVELS, pressure)) return checkLevel(pressure, trigger, version);
  read(trigger, ['pressure', 'thresholdMs', 'windowMs', 'mode', 'threshold', 'of']);
  const names = [...STALLS, ...LEVELS].map((name) => `'${name}'`).join(', ');
  throw invalidArgument('pressure', `one of ${names} (or give a threshold)`, pressure);
}

function checkStall(stall: PressureStall['pressure'], trigger: object, version: CgroupVersion): CheckedTrigger {
  const { thresholdMs, windowMs = WINDOW_MS.default } = read(trigger, ['pressure', 'thresholdMs', 'windowMs']);
  const { least, most } = WINDOW_MS;
  if (!isWhole(windowMs) || windowMs < least || windowMs > most) {
    throw invalidArgument('windowMs', `whole milliseconds from ${least} to ${most}`, windowMs);
  }
  if (!isWhole(thresholdMs) || thresholdMs < 1 || thresholdMs > windowMs) {
    throw invalidArgument('thresholdMs', `whole milliseconds from 1 to those of the window (${windowMs})`, thresholdMs);
  }
  if (version === 1)
    throw notHere('pressure', `pressure '${stall}'`, 2, "give one of v1's levels 'low', 'medium', 'critical'");
  return { kind: 'stall', stall, thresholdMs, windowMs };
}

function checkLevel(level: PressureLevel['pressure'], trigger: object, version: CgroupVersion): CheckedTrigger {
  const { mode = 'default' } = read(trigger, ['pressure', 'mode']);
  if (!isOneOf(MODES, mode)) throw invalidArgument('mode', MODES.map((name) => `'${name}'`).join(', '), mode);
  if (version === 2) throw notHere('pressure', `pressure '${level}'`, 1, "give 'some' or 'full', with a threshold");
  return { kind: 'level', level, mode };
}

function checkUsage(trigger: object, version: CgroupVersion, pageBytes: number): CheckedTrigger {
  const { threshold, of = 'memory' } = read(trigger, ['threshold', 'of']);
  const bytes = checkSize('threshold', threshold, { pageBytes });
  if (bytes === Number.POSITIVE_INFINITY) throw invalidArgument('threshold', 'a size that can be reached', threshold);
  if (of !== 'memory' && of !== 'memory+swap') throw invalidArgument('of', "'memory' or 'memory+swap'", of);
  if (version === 2) throw notHere('threshold', 'threshold', 1, NO_THRESHOLD);
  return { kind: 'usage', bytes, of };
}

/** What v2 has instead of a threshold of usage. */
export const NO_THRESHOLD = "use the limit 'high' with its event, a pressure trigger, or watch()";

function notHere(option: string, what: string, needed: CgroupVersion, instead: string): MemcageError {
  const here = needed === 1 ? 2 : 1;
  return new MemcageError(
    ErrorCode.NOT_IN_VERSION,
    words`${what} needs cgroup v${String(needed)}, but memory is on cgroup v${String(here)} here${CURE}${instead}`,
    { option },
  );
}

function read<K extends string>(trigger: object, known: readonly K[]): { [N in K]?: unknown } {
  return readOptions(trigger, { of: 'cgroup.addTrigger', known });
}

function isOneOf<const T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
