import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Finding } from '../../../types/diagnosis';
import { detectContainer } from '../../cgroup/names/container';
import { wantsGuardian } from '../../cgroup/processes/guardian';
import { isOlderThan, OLDEST_KERNEL, type Version } from '../../common/machine/versions';
import { findExecutable } from '../../process/launcher/executable';
import { NAMESPACE_KINDS, type NamespaceKind } from '../../process/namespaces/namespaces';
import { run } from '../run/run';
import { foundBy, limited, missing, ok } from './finding';

/** What each version of Linux brought, oldest first, and what happens without it. */
const KERNELS: readonly [version: Version, lacking: string][] = [
  [[5, 7], 'no CLONE_INTO_CGROUP (5.7): on cgroup v2 a child joins its cgroup by itself before it is executed'],
  [[5, 14], 'no cgroup.kill (5.14): cages are frozen and then killed process by process'],
  [[5, 19], 'no memory.peak on cgroup v2 (5.19): the peak is unknown there'],
];

/** @param works the addon has found out that it can work with this kernel, whatever its number */
export function findKernel({ text = release(), platform = process.platform as string, works = false } = {}): Finding {
  const name = 'kernel';
  if (platform !== 'linux') return missing(name, `${platform}: cages need Linux`);
  const oldest = OLDEST_KERNEL.join('.');
  const isUntested = isOlderThan(OLDEST_KERNEL, text);
  if (isUntested && !works) {
    return missing(name, `Linux ${text}: memcage needs ${oldest}`, 'start a newer kernel');
  }
  const [, lacking] = KERNELS.find(([version]) => isOlderThan(version, text)) ?? [];
  if (lacking === undefined) return ok(name, `Linux ${text}`);
  const untested = isUntested ? `; memcage is not tested before ${oldest}` : '';
  return limited(name, `Linux ${text}: ${lacking}${untested}`);
}

export function findPressure(): Finding {
  const name = 'psi';
  if (existsSync('/proc/pressure/memory')) return ok(name, 'pressure stall information is on');
  return limited(
    name,
    'no pressure stall information: pressure() returns null',
    'boot with psi=1, on a kernel with CONFIG_PSI',
  );
}

export function findContainer(): Finding {
  const container = detectContainer();
  const name = 'container';
  if (container === undefined) return ok(name, 'no sign of a container');
  return ok(name, `in a container of ${container.kind}, by the sign of ${container.evidence}`);
}

export function findGuardian(): Finding {
  const name = 'guardian';
  const found = findExecutable();
  if (typeof found !== 'string') return missing(name, found.detail, found.cure);
  if (!wantsGuardian()) {
    return limited(
      name,
      'turned off: when a process is killed, its cages remain until memcage runs again',
      'leave out MEMCAGE_GUARDIAN=0 and prepare({ guardian: false })',
    );
  }
  return ok(name, 'ends the cages of a process that is killed');
}

/** The user that children run as, unless they are given another one. */
export function findUser(): Finding {
  const name = 'user';
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return ok(name, `children run as the user ${uid}`);
  if (!isInitial()) return ok(name, 'children run as root of a user namespace');
  return limited(
    name,
    'children run as root, who can leave any cage',
    'give what you do not trust a user of its own: memcage run --uid 65534 --gid 65534, or uid and gid in code',
  );
}

/** The first user namespace maps all ids to themselves. */
function isInitial(): boolean {
  const [inside, outside, count] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).map(Number);
  return inside === 0 && outside === 0 && count === 2 ** 32 - 1;
}

/**
 * Starts a child in each kind of namespace: limits, capabilities and security modules all matter, and only the kernel
 * knows the result.
 */
export async function findNamespaces(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const kind of NAMESPACE_KINDS) findings.push(await findNamespace(kind));
  return findings;
}

async function findNamespace(kind: NamespaceKind): Promise<Finding> {
  const name = `namespace.${kind}`;
  try {
    await run('/bin/sh', ['-c', ':'], { namespaces: { [kind]: true } });
    return ok(name, 'a child can have its own');
  } catch (error) {
    const { detail, cure } = foundBy(error);
    return missing(name, detail, cure);
  }
}
