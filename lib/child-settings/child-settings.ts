import type { CloneOptions } from '../../types/native';
import { invalidArgument } from '../errors/errors';
import type { CHILD_SETTINGS } from '../options/called';
import { type Rlimits, resolveRlimits } from './resource-limits';

/** What a child does to itself before its program runs: the options after validation. */
export interface ChildSettings {
  rlimits: Rlimits;
  oomScoreAdj: number | undefined;
  nice: number | undefined;
}

/** The part of the clone options that the settings determine. */
export type SettingsPlan = Pick<CloneOptions, 'rlimits' | 'oomScoreAdj' | 'nice'>;

export type GivenSettings = { readonly [N in (typeof CHILD_SETTINGS)[number]]?: unknown };

export const NO_SETTINGS: ChildSettings = { rlimits: {}, oomScoreAdj: undefined, nice: undefined };

/** Validates the settings among the options of a function, without looking at the machine. */
export function resolveSettings({ rlimits, oomScoreAdj, nice }: GivenSettings, of: string): ChildSettings {
  return {
    rlimits: resolveRlimits(rlimits, of),
    oomScoreAdj: checkInteger('oomScoreAdj', oomScoreAdj, -1000, 1000),
    nice: checkInteger('nice', nice, -20, 19),
  };
}

function checkInteger(name: string, value: unknown, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  // `+ 0`: the kernel knows no -0.
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value + 0;
  throw invalidArgument(name, `an integer from ${least} to ${most}`, value);
}

/** The settings of a child in a cage: its own take precedence, limit by limit. */
export function settingsIn(cage: ChildSettings | undefined, own: ChildSettings): ChildSettings {
  if (cage === undefined) return own;
  return {
    rlimits: { ...cage.rlimits, ...own.rlimits },
    oomScoreAdj: own.oomScoreAdj ?? cage.oomScoreAdj,
    nice: own.nice ?? cage.nice,
  };
}

/** Whether the child is to do anything to itself. */
export function hasSettings({ rlimits, oomScoreAdj, nice }: ChildSettings): boolean {
  return oomScoreAdj !== undefined || nice !== undefined || Object.keys(rlimits).length > 0;
}

/** The options for the addon. */
export function planSettings({ rlimits, oomScoreAdj, nice }: ChildSettings): SettingsPlan {
  const limits = Object.entries(rlimits).map(([name, limit]) => ({ name, ...limit }));
  return {
    ...(limits.length > 0 && { rlimits: limits }),
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(nice !== undefined && { nice }),
  };
}
