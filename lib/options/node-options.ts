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
];
/** Options that exec and execFile do not pass on to spawn. */
const PASSED = ['argv0', 'stdio', 'detached'];

const spawn = [...COMMON, ...PASSED, 'signal', 'serialization'];
const collecting = [...COMMON, 'signal', 'encoding', 'maxBuffer'];
const waiting = [...COMMON, ...PASSED, 'input', 'encoding', 'maxBuffer'];

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
