import type { Cgroup } from '../cgroup/cgroup';
import type { CgroupProcess } from '../cgroup/processes';
import { formatSize } from '../size';
import type { StatCommand } from './arguments';
import { findTarget } from './target';

/** Returns the exit code. */
export function statCommand({ target, json }: StatCommand): number {
  using cgroup = findTarget(target);
  const status = statusOf(cgroup);
  process.stdout.write(json ? `${JSON.stringify(status, finite, 2)}\n` : render(status));
  return 0;
}

function statusOf(cgroup: Cgroup) {
  return {
    path: cgroup.path,
    version: cgroup.version,
    usage: cgroup.usage(),
    peakBytes: cgroup.peak(),
    limits: cgroup.limits(),
    effectiveLimits: cgroup.effectiveLimits(),
    stat: cgroup.stat(),
    processes: cgroup.processes(),
  };
}

type Status = ReturnType<typeof statusOf>;

/** JSON has no Infinity. */
function finite(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'max' : value;
}

function render({ path, version, usage, peakBytes, effectiveLimits, stat, processes }: Status): string {
  const { maxBytes, maxFrom } = effectiveLimits;
  const percent = `${((usage.usageBytes / maxBytes) * 100).toFixed(1)} %`;
  const bytes = (name: string) => formatSize(stat[version === 1 ? `total_${name}` : name] ?? 0);
  const rows: [name: string, value: string][] = [
    ['usage', `${formatSize(usage.usageBytes)} of ${formatSize(maxBytes)} (${percent})${ofWhom(maxFrom, path)}`],
    ['working set', formatSize(usage.workingSetBytes)],
    ['peak', peakBytes === null ? 'not recorded by this kernel' : formatSize(peakBytes)],
    ['anon', version === 1 ? bytes('rss') : bytes('anon')],
    ['file', version === 1 ? bytes('cache') : bytes('file')],
    ['processes', String(processes.length)],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(11)}  ${value}`);
  return `${[`${path} (cgroup v${version})`, ...lines, ...processes.map(processLine)].join('\n')}\n`;
}

function ofWhom(maxFrom: string, path: string): string {
  if (maxFrom === path) return '';
  return maxFrom === 'ram' ? ', the machine' : `, the limit of ${maxFrom === 'hidden' ? 'a cgroup above' : maxFrom}`;
}

function processLine({ pid, depth, name, command, rssBytes }: CgroupProcess): string {
  const indent = '  '.repeat(depth);
  return `  ${String(pid).padStart(7)}  ${formatSize(rssBytes).padStart(9)}  ${indent}${printable(command.join(' ').trimEnd() || name)}`;
}

/** Arguments may hold what a terminal would obey. */
function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\').slice(0, 120);
}
