import type { Cgroup } from '../../cgroup/cgroup';
import type { CgroupProcess } from '../../cgroup/processes';
import { formatSize } from '../../size';
import { defineCommand, FAILED_TEXT } from '../command';
import { toJson } from '../json';
import { printable } from '../printable';
import { findTarget, oneTarget, TARGET } from '../target';

export const stat = defineCommand({
  name: 'stat',
  synopsis: `[${TARGET}]`,
  summary: 'show the memory of a cgroup and its processes',
  details: [
    'The memory of a cgroup, the limit in force and whose that is, and its processes as a tree with their resident ' +
      'memory. Without an operand: of its own.',
  ],
  operands: oneTarget(0),
  options: {
    json: { type: 'boolean', help: 'print it as JSON, with all of memory.stat and the limits' },
  },
  exitCodes: [['0', 'it was shown'], FAILED_TEXT],
  examples: [
    ['memcage stat', 'the cgroup of the shell'],
    ['memcage stat 4711', 'that of process 4711'],
    ['memcage stat 0123456789ab', 'that of a container'],
    ['memcage stat --json ssh.service', "a systemd unit's, for programs"],
  ],
  run({ json }, [target]) {
    using cgroup = findTarget(target);
    const status = statusOf(cgroup);
    process.stdout.write(json === true ? toJson(status) : render(status));
    return 0;
  },
});

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
  return `  ${String(pid).padStart(7)}  ${formatSize(rssBytes).padStart(9)}  ${indent}${printable(command.join(' ').trimEnd() || name).slice(0, 120)}`;
}
