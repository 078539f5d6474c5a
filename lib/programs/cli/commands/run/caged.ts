import type {
  CageLimitOptions,
  ChildSettingsOptions,
  NamespaceOptions,
  NodeHeapOption,
  SpawnOptions,
} from '../../../../index';
import { checkCageOptions } from '../../../../start/request/cage-options';
import { type Options, section, type Values, valued } from '../../command';
import { type Flags, inFlags } from '../../flags';
import { type ArgumentError, asUsage, given } from '../../usage';
import { LIMITS, limitsOf } from './limits';
import { cwdOf, ROOT, rootOf } from './root';
import { SETTINGS, settingsOf } from './settings';

export const MEMORY = section('Memory (sizes: bytes, or with K, M, G, T)');
const NAMESPACES = section('Namespaces');

const KINDS = ['mount', 'pid', 'ipc', 'net', 'cgroup', 'time', 'user'] as const;

export const SWAP = MEMORY.valued('SIZE', 'swap on top of it (default 0)');

/** The options of a command in a cage, for every command of memcage that starts one; those for memory itself are not among them. */
export const CAGED = {
  'node-heap': MEMORY.valued(
    'HEAP',
    "limit of a Node program's JavaScript heap: a size, or 'off' (default: below --memory, for what is called node), " +
      "or 'auto' (the same, for whatever COMMAND is)",
    { suggest: ['auto', 'off'] },
  ),
  ...LIMITS,
  uts: NAMESPACES.flag('host name'),
  hostname: NAMESPACES.valued('NAME', 'a new host name, in a UTS namespace'),
  mount: NAMESPACES.flag('mounts'),
  pid: NAMESPACES.flag('process ids: COMMAND is pid 1'),
  ipc: NAMESPACES.flag('System V IPC, POSIX message queues'),
  net: NAMESPACES.flag('network devices, addresses, ports'),
  cgroup: NAMESPACES.flag('the root of the cgroups that are seen'),
  time: NAMESPACES.flag('the monotonic and the boot-time clock'),
  user: NAMESPACES.flag('users and groups'),
  ...ROOT,
  ...SETTINGS,
  parent: valued('PATH', 'memory cgroup to make the cage in', { suggest: 'cgroup' }),
} as const satisfies Options;

/** A command in a cage, and what is to hold for it besides the limits of memory. */
export interface CagedRequest {
  file: string;
  args: readonly string[];
  /** What is to hold for its cage. */
  cage: CageLimitOptions & { parent?: string };
  /** What is to hold for the command itself. */
  child: Pick<SpawnOptions, 'cwd' | 'namespaces' | 'root' | 'nodeHeap'> & ChildSettingsOptions;
  /** How some options were given. */
  flags: Flags;
}

/** Throws UsageError. */
export function cagedOf(values: Values<typeof CAGED>, [file = '', ...args]: readonly string[]): CagedRequest {
  const { 'node-heap': heap, parent } = values;
  const namespaces = namespacesOf(values);
  const root = rootOf(values);
  const cwd = cwdOf(values.cwd, root);
  const limits = limitsOf(values);
  const nodeHeap: NodeHeapOption | undefined = heap === 'off' ? false : heap;
  const child = { namespaces, ...settingsOf(values), ...given({ root, nodeHeap }) };
  const flags = flagsIn(values);
  asUsage(
    () => checkCageOptions({ ...limits, ...child }),
    (error) => wrongText(error, values) ?? inFlags(error, flags),
  );
  return {
    file,
    args,
    cage: { ...limits, ...given({ parent }) },
    child: { ...child, ...given({ cwd }) },
    flags,
  };
}

function flagsIn(values: Values<typeof CAGED>): Flags {
  const { bind = [], tmpfs = [], hide = [], rlimit = [], 'drop-caps': dropsAll, 'keep-cap': kept } = values;
  return Object.fromEntries([
    ...bind.map((word, index) => [`root.binds[${index}]`, `--bind ${word}`]),
    ...tmpfs.map((word, index) => [`root.tmpfs[${index}]`, `--tmpfs ${word}`]),
    ...hide.map((word, index) => [`root.hide[${index}]`, `--hide ${word}`]),
    ...rlimit.map((word) => [`rlimits.${word.split('=')[0]}`, `--rlimit ${word}`]),
    ...(dropsAll === true && kept === undefined ? [['privileges.capabilities', '--drop-caps']] : []),
  ]) as Flags;
}

function namespacesOf(values: Values<typeof CAGED>): NamespaceOptions {
  const namespaces: NamespaceOptions = {};
  for (const kind of KINDS) if (values[kind]) namespaces[kind] = true;
  if (values.hostname !== undefined) namespaces.uts = { hostname: values.hostname };
  else if (values.uts) namespaces.uts = true;
  return namespaces;
}

/** What the value of an option is, where it is written otherwise than in the library. */
const WRITTEN: Readonly<Record<string, readonly [flag: keyof typeof CAGED, what: string]>> = {
  pids: ['pids', 'an integer from 1 on, or max'],
  'cpu.max': ['cpu', 'a number of processors from 0.01 on, as in 1.5, or max'],
  'cpu.weight': ['cpu-weight', 'an integer from 1 to 10000'],
  'cpu.set': ['cpu-set', 'a list of processors as in 0-2,4'],
  cpuTimeMs: ['cpu-time', 'a time of at least 1ms, as in 5s, 500ms, 2m or 1h'],
  'stall.limitMs': ['stall', 'a time of at least 500ms, as in 10s or 2m, or one with :event, as in 10s:event'],
  nodeHeap: ['node-heap', 'auto, off, or a size of at least 1M'],
};

function wrongText({ option }: ArgumentError, values: Values<typeof CAGED>): string | undefined {
  if (option === 'namespaces.uts.hostname') return '--hostname needs 1 to 64 bytes of text';
  const [flag, what] = WRITTEN[option] ?? [];
  return flag === undefined ? undefined : `--${flag} is ${what}, not '${String(values[flag])}'`;
}
