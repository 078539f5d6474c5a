import { type Controller, cgroupOf, version } from './cgroup-tree';

/** The cgroup of a process in which a controller has its files. */
export function controllerCgroup(pid: number, controller: Controller): string {
  return cgroupOf(pid, version === 1 ? controller : 'memory');
}
