// The names of options that more than one function, or a message, has to know.

/** The names in `ChildSettingsOptions`. */
export const CHILD_SETTINGS = ['rlimits', 'oomScoreAdj', 'nice', 'privileges'] as const;

/** The names in `LauncherOptions`. */
export const LAUNCHER_OPTIONS = [
  'memory',
  'pids',
  'cpu',
  'cpuTimeMs',
  'stall',
  'thresholds',
  'cage',
  'namespaces',
  'root',
  'parent',
  ...CHILD_SETTINGS,
] as const;

/** The names in `CageOptions`. */
export const CAGE_OPTIONS = [
  ...LAUNCHER_OPTIONS,
  'untrusted',
  'keepDescendants',
  'nodeHeap',
  'memoryDetails',
  'evidence',
  'ipcHandles',
  'enforce',
] as const;

/** What `run` has beside those of `spawn`. */
export const RUN_OPTIONS = ['input', 'encoding', 'maxBuffer', 'reject'] as const;

/** What a job of a budget has beside those of a child in a cage. */
export const JOB_OPTIONS = ['key', 'priority'] as const;

/** What only a budget has. */
export const BUDGET_OPTIONS = ['concurrency', 'admit', 'learn'] as const;

/** What only a warm pool has. */
export const POOL_OPTIONS = ['spare', 'maxChildren', 'maxUses', 'trim'] as const;

const OF_THE_CAGE: ReadonlySet<string> = new Set(['cage', 'parent', 'enforce']);

/** Whether a cage decides it for its children. */
export function isOfTheCage(name: string): boolean {
  return OF_THE_CAGE.has(name);
}
