import type { CloneOptions } from '../../../types/native';
import { checkInteger } from '../../common/options/checks';
import type { CHILD_SETTINGS } from '../../common/options/names';
import {
  ALL_PRIVILEGES,
  limitsPrivileges,
  type Privileges,
  planPrivileges,
  privilegesIn,
  resolvePrivileges,
  withoutNewRights,
} from './privileges';
import { type Rlimits, resolveRlimits } from './resource-limits';

/** What a child does to itself before its program runs: the options after validation. */
export interface ChildSettings {
  rlimits: Rlimits;
  oomScoreAdj: number | undefined;
  nice: number | undefined;
  privileges: Privileges;
}

/** The part of the clone options that the settings determine. */
export type SettingsPlan = Pick<
  CloneOptions,
  'rlimits' | 'oomScoreAdj' | 'nice' | 'noNewPrivs' | 'capabilities' | 'seccomp' | 'seccompEarly'
>;

export type GivenSettings = { readonly [N in (typeof CHILD_SETTINGS)[number]]?: unknown };

export const NO_SETTINGS: ChildSettings = {
  rlimits: {},
  oomScoreAdj: undefined,
  nice: undefined,
  privileges: ALL_PRIVILEGES,
};

/**
 * Validates the settings among the options of a function, without looking at the machine.
 *
 * @param hasRoot the child has a root directory of its own
 */
export function resolveSettings(given: GivenSettings, of: string, { hasRoot = false } = {}): ChildSettings {
  const { rlimits, oomScoreAdj, nice, privileges } = given;
  const resolved = resolvePrivileges(privileges, of);
  return {
    rlimits: resolveRlimits(rlimits, of),
    oomScoreAdj:
      oomScoreAdj === undefined ? undefined : checkInteger('oomScoreAdj', oomScoreAdj, { least: -1000, most: 1000 }),
    nice: nice === undefined ? undefined : checkInteger('nice', nice, { least: -20, most: 19 }),
    privileges: hasRoot ? withoutNewRights(resolved) : resolved,
  };
}

/** The settings of a child in a cage: its own take precedence, limit by limit; of privileges it can only have fewer. */
export function settingsIn(cage: ChildSettings | undefined, own: ChildSettings): ChildSettings {
  if (cage === undefined) return own;
  return {
    rlimits: { ...cage.rlimits, ...own.rlimits },
    oomScoreAdj: own.oomScoreAdj ?? cage.oomScoreAdj,
    nice: own.nice ?? cage.nice,
    privileges: privilegesIn(cage.privileges, own.privileges),
  };
}

/** Whether the child is to do anything to itself. */
export function hasSettings({ rlimits, oomScoreAdj, nice, privileges }: ChildSettings): boolean {
  if (oomScoreAdj !== undefined || nice !== undefined) return true;
  return Object.keys(rlimits).length > 0 || limitsPrivileges(privileges);
}

/** The options for the addon. */
export function planSettings({ rlimits, oomScoreAdj, nice, privileges }: ChildSettings): SettingsPlan {
  const limits = Object.entries(rlimits).map(([name, limit]) => ({ name, ...limit }));
  return {
    ...(limits.length > 0 && { rlimits: limits }),
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(nice !== undefined && { nice }),
    ...planPrivileges(privileges),
  };
}
