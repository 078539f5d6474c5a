/** Of a child that waits, when its job begins. */
export interface EnvironmentChanges {
  set: Record<string, string>;
  unset: string[];
}

/** How the environment of this process differs from what it was; undefined if it does not. */
export function changesSince(before: NodeJS.ProcessEnv): EnvironmentChanges | undefined {
  const now = { ...process.env };
  const set = Object.entries(now).filter(([name, value]) => value !== before[name]) as [string, string][];
  const unset = Object.keys(before).filter((name) => !(name in now));
  return set.length + unset.length === 0 ? undefined : { set: Object.fromEntries(set), unset };
}
