import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { unlessGone } from '../../../cgroup/directory/refusal';
import { type CgroupVersion, parseFlatKeyed } from '../../../cgroup/files/formats';

/** How often the kernel has killed in a cgroup for memory. Undefined: it is gone, or does not count. */
export function countKills(directory: CgroupDirectory, version: CgroupVersion): number | undefined {
  const file = version === 2 ? 'memory.events' : 'memory.oom_control';
  return unlessGone(() => {
    const text = directory.readIfPresent(file);
    return text === undefined ? undefined : parseFlatKeyed(text, file)['oom_kill'];
  });
}
