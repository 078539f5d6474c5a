import { file, type InterfaceFile } from './interface-file';

/**
 * All files in a directory of the v1 memory hierarchy.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html
 */
export const V1_FILES = {
  'memory.usage_in_bytes': file(
    { read: 'value', unit: 'bytes', since: '2.6.25' },
    'Memory in use now, page cache included; off by the per-CPU reserves, up to 64 pages each.',
  ),
  'memory.limit_in_bytes': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '2.6.25' },
    'Hard limit of the use. A value below what can be reclaimed is refused (EBUSY).',
  ),
  'memory.max_usage_in_bytes': file(
    { read: 'value', write: 'reset', unit: 'bytes', since: '2.6.26' },
    'Highest use so far. Written: starts anew, for everyone.',
  ),
  'memory.failcnt': file(
    { read: 'value', write: 'reset', unit: 'events', since: '2.6.25' },
    'How often the limit was hit. Stays 0 where the limit of memory and swap together is the same.',
  ),
  'memory.soft_limit_in_bytes': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '2.6.32' },
    'What the cgroup is pushed back to when the machine is short of memory.',
  ),
  'memory.stat': file(
    { read: 'flat-keyed', unit: 'mixed', since: '2.6.25' },
    'What the memory is used for; `total_` counts the cgroups below too.',
  ),
  'memory.numa_stat': file(
    { read: 'numa-v1', unit: 'pages', since: '3.0', needs: 'CONFIG_NUMA' },
    'Use by NUMA node; `hierarchical_` counts the cgroups below too.',
  ),
  'memory.oom_control': file(
    { read: 'oom-control', write: 'flag', unit: 'mixed', since: '2.6.35' },
    'State of the OOM killer, and its kills (Linux 4.13). Written: true turns it off, processes wait instead.',
  ),
  'memory.pressure_level': file(
    { write: 'held', since: '3.10' },
    'Stands for the levels of pressure (low, medium, critical) in cgroup.event_control.',
  ),
  'memory.swappiness': file(
    { read: 'value', write: 'integer', since: '2.6.29' },
    'How readily anonymous memory is swapped out instead of page cache dropped: 0 to 100, 200 from Linux 5.8 on.',
  ),
  'memory.force_empty': file({ write: 'reset', since: '2.6.25' }, 'Written: reclaims all that can be.'),
  'memory.move_charge_at_immigrate': file(
    { read: 'value', write: 'integer', since: '2.6.34' },
    'Bits: a process that moves in brings its anonymous memory (1), its mapped files (2). Only 0 from Linux 6.13 on.',
  ),
  'memory.use_hierarchy': file(
    { read: 'flag', write: 'flag', since: '2.6.29' },
    'Whether cgroups below count here too; always, from Linux 5.11 on.',
  ),
  'memory.memsw.usage_in_bytes': file(
    { read: 'value', unit: 'bytes', since: '2.6.29', needs: 'swap accounting' },
    'Memory and swap in use now, together.',
  ),
  'memory.memsw.limit_in_bytes': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '2.6.29', needs: 'swap accounting' },
    'Hard limit of memory and swap together, never below the limit of memory.',
  ),
  'memory.memsw.max_usage_in_bytes': file(
    { read: 'value', write: 'reset', unit: 'bytes', since: '2.6.29', needs: 'swap accounting' },
    'Highest use of memory and swap together. Written: starts anew.',
  ),
  'memory.memsw.failcnt': file(
    { read: 'value', write: 'reset', unit: 'events', since: '2.6.29', needs: 'swap accounting' },
    'How often the limit of memory and swap together was hit.',
  ),
  'memory.kmem.usage_in_bytes': file(
    { read: 'value', unit: 'bytes', since: '3.8' },
    'Kernel memory in use now; part of the use.',
  ),
  'memory.kmem.limit_in_bytes': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '3.8' },
    'Limit of kernel memory. Without effect, or refused, from Linux 5.16 on.',
  ),
  'memory.kmem.max_usage_in_bytes': file(
    { read: 'value', write: 'reset', unit: 'bytes', since: '3.8' },
    'Highest use of kernel memory. Written: starts anew.',
  ),
  'memory.kmem.failcnt': file(
    { read: 'value', write: 'reset', unit: 'events', since: '3.8' },
    'How often the limit of kernel memory was hit.',
  ),
  'memory.kmem.slabinfo': file(
    { read: 'text', since: '3.10' },
    'Slab caches, as /proc/slabinfo has them; empty from Linux 5.9 on.',
  ),
  'memory.kmem.tcp.usage_in_bytes': file(
    { read: 'value', unit: 'bytes', since: '3.3' },
    'Memory of TCP buffers in use now; not part of the use.',
  ),
  'memory.kmem.tcp.limit_in_bytes': file(
    { read: 'value', write: 'size', unit: 'bytes', since: '3.3' },
    'Limit of the memory of TCP buffers.',
  ),
  'memory.kmem.tcp.max_usage_in_bytes': file(
    { read: 'value', write: 'reset', unit: 'bytes', since: '3.3' },
    'Highest use of memory by TCP buffers. Written: starts anew.',
  ),
  'memory.kmem.tcp.failcnt': file(
    { read: 'value', write: 'reset', unit: 'events', since: '3.3' },
    'How often the limit of the memory of TCP buffers was hit.',
  ),
  'cgroup.event_control': file(
    { write: 'held', since: '2.6.34' },
    'Takes an eventfd, an open file of the cgroup and an argument: the eventfd counts what happens there.',
  ),
  'cgroup.procs': file(
    { read: 'pids', write: 'pid', since: '2.6.32' },
    'Its processes. Written: moves one in, with all its threads (Linux 3.0).',
  ),
  tasks: file({ read: 'pids', write: 'pid', since: '2.6.24' }, 'Its threads. Written: moves one in.'),
  'cgroup.clone_children': file(
    { read: 'flag', write: 'flag', since: '2.6.37' },
    'New cgroups below copy the configuration (cpuset only).',
  ),
  notify_on_release: file(
    { read: 'flag', write: 'flag', since: '2.6.24' },
    'The release agent is run when the last process and the last cgroup below are gone.',
  ),
  release_agent: file(
    { read: 'text', write: 'unsafe', since: '2.6.24', in: 'root' },
    'Path of the program that is run for notify_on_release.',
  ),
  'cgroup.sane_behavior': file({ read: 'flag', since: '3.10', in: 'root' }, 'Always 0 on v1.'),
} satisfies Record<string, InterfaceFile>;
