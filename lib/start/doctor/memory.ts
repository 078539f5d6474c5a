import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../../types/diagnosis';
import { parseNames } from '../../cgroup/files/formats';
import { Cgroup } from '../../cgroup/handle/cgroup';
import { type Host, swapOn } from '../../cgroup/hierarchy/host';
import { readOnlyCure } from '../../cgroup/names/container';
import { formatSize } from '../../common/text/size';
import { limited, missing, ok } from './finding';

export function findHierarchy({ version, memory, unified }: Host): Finding {
  const name = 'cgroup';
  const hybrid =
    version === 1 && unified !== null ? `, with cgroup v2 beside it at ${unified.mountPoint} (hybrid)` : '';
  const detail = `memory is on cgroup v${version}, mounted at ${memory.mountPoint}${hybrid}`;
  if (!memory.readOnly) return ok(name, detail);
  return limited(name, `${detail}, read-only`, readOnlyCure(memory.mountPoint));
}

export function findOwn(): Finding {
  const name = 'own';
  try {
    const own = Cgroup.self();
    try {
      const { maxBytes } = own.effectiveLimits();
      const limit = maxBytes === Number.POSITIVE_INFINITY ? 'without a limit' : `limited to ${formatSize(maxBytes)}`;
      return ok(name, `this process is in ${own.path}, ${limit}`);
    } finally {
      own.close();
    }
  } catch (error) {
    return limited(name, (error as Error).message);
  }
}

export function findControllers({ version, memory }: Host): Finding {
  const name = 'controllers';
  if (version === 1) {
    const lines = readFileSync('/proc/cgroups', 'utf8').trimEnd().split('\n').slice(1);
    const on = lines.map((line) => line.split('\t')).filter(([, , , enabled]) => enabled === '1');
    return ok(name, on.map(([controller]) => controller).join(' '));
  }
  const names = parseNames(readFileSync(join(memory.mountPoint, 'cgroup.controllers'), 'utf8'));
  if (names.includes('memory')) return ok(name, names.join(' '));
  return missing(name, `memory is not among the controllers: ${names.join(' ')}`, 'boot without cgroup_disable=memory');
}

export function findSwap(host: Host): Finding {
  const name = 'swap';
  const has = swapOn() ? 'the machine has swap' : 'the machine has no swap';
  if (isSwapAccounted(host)) return ok(name, `${has}, and cages can limit it`);
  const detail = `${has}, and this kernel does not account it per cgroup`;
  return swapOn() ? limited(name, detail, 'boot with swapaccount=1') : ok(name, detail);
}

function isSwapAccounted({ version, memory, unified }: Host): boolean {
  if (version === 1) return existsSync(join(memory.mountPoint, 'memory.memsw.limit_in_bytes'));
  const top = unified?.mountPoint ?? memory.mountPoint;
  // The root of v2 has no such file, so look at the first cgroup with any memory file.
  for (const directory of [top, ...subdirectories(top)]) {
    if (existsSync(join(directory, 'memory.max'))) return existsSync(join(directory, 'memory.swap.max'));
  }
  return !/\bswapaccount=0\b/.test(readFileSync('/proc/cmdline', 'utf8'));
}

function subdirectories(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}
