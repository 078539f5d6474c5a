import { checkCageOptions, type NamespaceOptions } from '../../../../index';
import type { Option, Values } from '../../command';
import { asUsage } from '../../limit-options';
import { LIMITS, limitsOf } from './limits';
import type { CagedRequest } from './request';
import { cwdOf, ROOT, rootOf } from './root';
import { SETTINGS, settingsOf } from './settings';

export const MEMORY = 'Memory (sizes: bytes, or with K, M, G, T)';
const NAMESPACES = ['mount', 'pid', 'ipc', 'net', 'cgroup', 'time', 'user'] as const;

const namespace = (help: string) => ({ type: 'boolean', help, section: 'Namespaces' }) as const satisfies Option;

export const SWAP = { type: 'string', value: 'SIZE', help: 'swap on top of it (default 0)', section: MEMORY } as const;

/** The options of a command in a cage, for every command of memcage that starts one; those for memory itself are not among them. */
export const CAGED = {
  'node-heap': {
    type: 'string',
    value: 'HEAP',
    help:
      "limit of a Node program's JavaScript heap: a size, or 'off' (default: below --memory, for what is called node), " +
      "or 'auto' (the same, for whatever COMMAND is)",
    section: MEMORY,
    suggest: ['auto', 'off'],
  },
  ...LIMITS,
  uts: namespace('host name'),
  hostname: { ...namespace('a new host name, in a UTS namespace'), type: 'string', value: 'NAME' },
  mount: namespace('mounts'),
  pid: namespace('process ids: COMMAND is pid 1'),
  ipc: namespace('System V IPC, POSIX message queues'),
  net: namespace('network devices, addresses, ports'),
  cgroup: namespace('the root of the cgroups that are seen'),
  time: namespace('the monotonic and the boot-time clock'),
  user: namespace('users and groups'),
  ...ROOT,
  ...SETTINGS,
  parent: { type: 'string', value: 'PATH', help: 'memory cgroup to make the cage in', suggest: 'cgroup' },
} as const satisfies Record<string, Option>;

/** Throws UsageError. */
export function cagedOf(values: Values<typeof CAGED>, [file = '', ...args]: readonly string[]): CagedRequest {
  const nodeHeap = values['node-heap'] === 'off' ? false : values['node-heap'];
  const namespaces = namespacesOf(values);
  if (nodeHeap !== undefined) {
    const wrong = `--node-heap is auto, off, or a size of at least 1M, not '${nodeHeap}'`;
    asUsage(() => checkCageOptions({ nodeHeap }), wrong);
  }
  if (values.hostname !== undefined) {
    asUsage(() => checkCageOptions({ namespaces }), '--hostname needs 1 to 64 bytes of text');
  }
  const root = rootOf(values, namespaces);
  return {
    file,
    args,
    cwd: cwdOf(values.cwd, root),
    limits: limitsOf(values),
    namespaces,
    root,
    nodeHeap,
    settings: settingsOf(values),
    parent: values.parent,
  };
}

function namespacesOf(values: Values<typeof CAGED>): NamespaceOptions {
  const namespaces: NamespaceOptions = {};
  for (const kind of NAMESPACES) if (values[kind]) namespaces[kind] = true;
  if (values.hostname !== undefined) namespaces.uts = { hostname: values.hostname };
  else if (values.uts) namespaces.uts = true;
  return namespaces;
}
