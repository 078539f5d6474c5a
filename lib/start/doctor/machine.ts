import { existsSync } from 'node:fs';
import { release } from 'node:os';
import type { Finding } from '../../../types/diagnosis';
import { detectContainer } from '../../cgroup/names/container';
import { isOlderThan, OLDEST_KERNEL, type Version } from '../../common/machine/versions';

/** What each version of Linux brought, oldest first, and what happens without it. */
const KERNELS: readonly [version: Version, lacking: string][] = [
  [[5, 7], 'no CLONE_INTO_CGROUP (5.7): on cgroup v2 a child joins its cgroup by itself before it is executed'],
  [[5, 14], 'no cgroup.kill (5.14): cages are frozen and then killed process by process'],
  [[5, 19], 'no memory.peak on cgroup v2 (5.19): the peak is unknown there'],
];

/** @param works the addon has found out that it can work with this kernel, whatever its number */
export function findKernel({ text = release(), platform = process.platform as string, works = false } = {}): Finding {
  const name = 'kernel';
  if (platform !== 'linux') return { name, state: 'missing', detail: `${platform}: cages need Linux` };
  const oldest = OLDEST_KERNEL.join('.');
  const isUntested = isOlderThan(OLDEST_KERNEL, text);
  if (isUntested && !works) {
    return { name, state: 'missing', detail: `Linux ${text}: memcage needs ${oldest}`, cure: 'start a newer kernel' };
  }
  const [, lacking] = KERNELS.find(([version]) => isOlderThan(version, text)) ?? [];
  if (lacking === undefined) return { name, state: 'ok', detail: `Linux ${text}` };
  const untested = isUntested ? `; memcage is not tested before ${oldest}` : '';
  return { name, state: 'limited', detail: `Linux ${text}: ${lacking}${untested}` };
}

export function findPressure(): Finding {
  const name = 'psi';
  if (existsSync('/proc/pressure/memory')) return { name, state: 'ok', detail: 'pressure stall information is on' };
  return {
    name,
    state: 'limited',
    detail: 'no pressure stall information: pressure() returns null',
    cure: 'boot with psi=1, on a kernel with CONFIG_PSI',
  };
}

export function findContainer(): Finding {
  const container = detectContainer();
  const name = 'container';
  if (container === undefined) return { name, state: 'ok', detail: 'no sign of a container' };
  return { name, state: 'ok', detail: `in a container of ${container.kind}, by the sign of ${container.evidence}` };
}
