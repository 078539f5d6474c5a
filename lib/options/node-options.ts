// What Node's functions know, from Node 20 on. test/pure/node-options.test.ts holds it against the source of the Node that runs it.

/** Of all of them. */
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
/** What exec and execFile do not pass on to the spawn that they call. */
const PASSED = ['argv0', 'stdio', 'detached'];

const spawn = [...COMMON, ...PASSED, 'signal', 'serialization'];
const collecting = [...COMMON, 'signal', 'encoding', 'maxBuffer'];
const waiting = [...COMMON, ...PASSED, 'input', 'encoding', 'maxBuffer'];

/** The options of each function of child_process. */
export const NODE_OPTIONS = {
  spawn,
  // `shell` is documented as being ignored.
  fork: [...spawn, 'execPath', 'execArgv', 'silent'],
  exec: collecting,
  execFile: collecting,
  spawnSync: waiting,
  execFileSync: waiting,
  execSync: waiting,
} as const satisfies Record<string, readonly string[]>;

/** A function of child_process that starts a child. */
export type NodeFunctionName = keyof typeof NODE_OPTIONS;
