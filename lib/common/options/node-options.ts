// The options of Node's functions, from Node 20 on. test/pure/node-options.test.ts compares them with the source of
// the Node that runs it.

/** Options of all these functions. */
const COMMON = [
  'cwd',
  'env',
  'uid',
  'gid',
  'shell',
  'timeout',
  'killSignal',
  'windowsHide',
  'windowsVerbatimArguments',
] as const;
/** Options that exec and execFile do not pass on to spawn. */
const PASSED = ['argv0', 'stdio', 'detached'] as const;

const spawn = [...COMMON, ...PASSED, 'signal', 'serialization'] as const;
const collecting = [...COMMON, 'signal', 'encoding', 'maxBuffer'] as const;
const waiting = [...COMMON, ...PASSED, 'input', 'encoding', 'maxBuffer'] as const;

/** The options of each function of child_process. */
export const NODE_OPTIONS = {
  spawn,
  // Node documents that fork ignores `shell`.
  fork: [...spawn, 'execPath', 'execArgv', 'silent'],
  exec: collecting,
  execFile: collecting,
  spawnSync: waiting,
  execFileSync: waiting,
  execSync: waiting,
} as const satisfies Record<string, readonly string[]>;

/** A function of child_process that starts a child. */
export type NodeFunctionName = keyof typeof NODE_OPTIONS;

/** An option of one of them. */
export type NodeOptionName = (typeof NODE_OPTIONS)[NodeFunctionName][number];

const ALL: ReadonlySet<string> = new Set(Object.values(NODE_OPTIONS).flat());

/** Whether a function of child_process has an option with this name. */
export function isNodeOption(name: string): name is NodeOptionName {
  return ALL.has(name);
}
