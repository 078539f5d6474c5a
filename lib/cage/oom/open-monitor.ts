import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { OomMonitor } from './monitor';
import { OomMonitorV1 } from './monitor-v1';
import { OomMonitorV2 } from './monitor-v2';
import type { OomSurroundings } from './surroundings';

export function openOomMonitor(directory: CgroupDirectory, surroundings: OomSurroundings): OomMonitor {
  return surroundings.version === 1
    ? new OomMonitorV1(directory, surroundings)
    : new OomMonitorV2(directory, surroundings);
}
