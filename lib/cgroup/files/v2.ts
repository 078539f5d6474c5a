import { file, type InterfaceFile } from './interface-file';

/**
 * The memory controller's and the core's files of a v2 cgroup.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files
 */
export const V2_FILES = {
  'memory.current': file(
    { read: 'value', unit: 'bytes', since: '4.5', in: 'below' },
    'Memory in use now by the cgroup and those below it, page cache included.',
  ),
  'memory.min': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '4.18', in: 'below' },
    'Use up to this is never reclaimed: the OOM killer comes first.',
  ),
  'memory.low': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '4.5', in: 'below' },
    'Use up to this is reclaimed only when nothing unprotected is left.',
  ),
  'memory.high': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '4.5', in: 'below' },
    'Above this processes are slowed down and reclaimed from, never killed.',
  ),
  'memory.max': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '4.5', in: 'below' },
    'Hard limit of the use: what can not be reclaimed is killed.',
  ),
  'memory.reclaim': file(
    { write: 'size', unit: 'bytes', since: '5.19' },
    'Written: reclaims this much; the writer waits for it. Cgroup.reclaim() does not make the event loop wait.',
  ),
  'memory.peak': file(
    { read: 'value', write: 'held', unit: 'bytes', since: '5.19', in: 'below' },
    'Highest use so far. Written (Linux 6.12): starts anew for this open file; see Cgroup.trackPeak().',
  ),
  'memory.oom.group': file(
    { read: 'flag', write: 'flag', since: '4.19', in: 'below' },
    'The OOM killer ends all of the cgroup, and those below, or none.',
  ),
  'memory.events': file(
    { read: 'flat-keyed', unit: 'events', since: '4.5', in: 'below' },
    'How often limits were hit and processes killed, in the cgroup and those below.',
  ),
  'memory.events.local': file(
    { read: 'flat-keyed', unit: 'events', since: '5.2', in: 'below' },
    'The same without the cgroups below.',
  ),
  'memory.stat': file(
    { read: 'flat-keyed', unit: 'mixed', since: '4.5' },
    'What the memory is used for, by the cgroup and those below.',
  ),
  'memory.numa_stat': file(
    { read: 'nested-keyed', unit: 'mixed', since: '5.10', needs: 'CONFIG_NUMA' },
    'The same by NUMA node.',
  ),
  'memory.swap.current': file(
    { read: 'value', unit: 'bytes', since: '4.5', needs: 'swap accounting', in: 'below' },
    'Swap in use now by the cgroup and those below.',
  ),
  'memory.swap.high': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '5.8', needs: 'swap accounting', in: 'below' },
    'Above this use of swap processes are slowed down.',
  ),
  'memory.swap.max': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '4.5', needs: 'swap accounting', in: 'below' },
    'Hard limit of swap: above it anonymous memory is not swapped out.',
  ),
  'memory.swap.peak': file(
    { read: 'value', write: 'held', unit: 'bytes', since: '6.5', needs: 'swap accounting', in: 'below' },
    'Highest use of swap so far. Written (Linux 6.12): starts anew for this open file.',
  ),
  'memory.swap.events': file(
    { read: 'flat-keyed', unit: 'events', since: '4.18', needs: 'swap accounting', in: 'below' },
    'How often limits of swap were hit.',
  ),
  'memory.zswap.current': file(
    { read: 'value', unit: 'bytes', since: '5.19', needs: 'CONFIG_ZSWAP', in: 'below' },
    'What zswap holds of the cgroup, compressed.',
  ),
  'memory.zswap.max': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '5.19', needs: 'CONFIG_ZSWAP', in: 'below' },
    'Limit of that.',
  ),
  'memory.zswap.writeback': file(
    { read: 'flag', write: 'flag', since: '6.8', needs: 'CONFIG_ZSWAP' },
    'Whether zswap may write to the swap device.',
  ),
  'memory.pressure': file(
    { read: 'pressure', write: 'held', unit: 'mixed', since: '4.20', needs: 'CONFIG_PSI' },
    'How long tasks were stalled for want of memory (PSI). Written: a trigger for this open file.',
  ),
  'cgroup.type': file(
    { read: 'text', write: 'text', since: '4.14', in: 'below' },
    '`domain`, `domain threaded`, `domain invalid` or `threaded`; only `threaded` can be written.',
  ),
  'cgroup.procs': file(
    { read: 'pids', write: 'pid', since: '4.5' },
    'Its processes. Written: moves one in, with all its threads.',
  ),
  'cgroup.threads': file(
    { read: 'pids', write: 'pid', since: '4.14' },
    'Its threads. Written: moves one in, within one threaded domain.',
  ),
  'cgroup.controllers': file({ read: 'names', since: '4.5' }, 'The controllers that cgroups below could have.'),
  'cgroup.subtree_control': file(
    { read: 'names', write: 'text', since: '4.5' },
    'Those that they do have. Written: `+memory -pids`.',
  ),
  'cgroup.events': file(
    { read: 'flat-keyed', since: '4.5', in: 'below' },
    '`populated`: processes are in it or below; `frozen` (Linux 5.2): all of them are stopped.',
  ),
  'cgroup.max.descendants': file({ read: 'value', write: 'count', since: '4.14' }, 'How many cgroups may be below.'),
  'cgroup.max.depth': file({ read: 'value', write: 'count', since: '4.14' }, 'How deep they may be.'),
  'cgroup.stat': file(
    { read: 'flat-keyed', since: '4.14' },
    'How many cgroups are below; dying ones are removed but still hold resources.',
  ),
  'cgroup.stat.local': file(
    { read: 'flat-keyed', unit: 'mixed', since: '6.18', in: 'below' },
    'For how long it has been frozen, in microseconds.',
  ),
  'cgroup.freeze': file(
    { read: 'flag', write: 'flag', since: '5.2', in: 'below' },
    'Stops all processes of the cgroup and those below. Read: whether it was asked for.',
  ),
  'cgroup.kill': file(
    { write: 'trigger', since: '5.14', in: 'below' },
    'SIGKILL for all processes of the cgroup and those below.',
  ),
  'cgroup.pressure': file(
    { read: 'flag', write: 'flag', since: '6.1', needs: 'CONFIG_PSI' },
    'Whether pressure is accounted.',
  ),
} satisfies Record<string, InterfaceFile>;
