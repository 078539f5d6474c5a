import { type Options, section } from '../../command';
import { text } from '../../kinds';

const { flag, valued } = section('Namespaces of its own');

export const NAMESPACES = {
  uts: flag('host name', { sets: 'namespaces.uts' }),
  hostname: valued(text('NAME', 'a host name'), 'a UTS namespace with this host name', {
    sets: 'namespaces.uts.hostname',
  }),
  mount: flag('mounts', { sets: 'namespaces.mount' }),
  pid: flag('process ids: COMMAND is pid 1', { sets: 'namespaces.pid' }),
  init: flag('a PID namespace in which an init is pid 1: it reaps, and passes signals on', {
    sets: 'namespaces.pid.init',
  }),
  ipc: flag('System V IPC, POSIX message queues', { sets: 'namespaces.ipc' }),
  net: flag('network devices, addresses, ports', { sets: 'namespaces.net' }),
  cgroup: flag('the root of the cgroups that are seen', { sets: 'namespaces.cgroup' }),
  time: flag('the monotonic and the boot-time clock', { sets: 'namespaces.time' }),
  user: flag('users and groups', { sets: 'namespaces.user' }),
} as const satisfies Options;
