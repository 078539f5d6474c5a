import { type CgroupProcess, type EffectiveLimits, type Pressure, type PressureLine, readMany } from '../../../cgroup';
import { formatDuration } from '../../../common/text/duration';
import { printable } from '../../../common/text/names';
import { type Cgroup, formatSize } from '../../../index';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { findTarget, oneTarget, TARGET } from '../target';
import { launchedCommand } from '../text/command-text';
import { toJson } from '../text/output';
import { limitHitsText } from './run/summary';

export const stat = defineCommand({
  name: 'stat',
  synopsis: `[${TARGET}]`,
  summary: 'show the memory of a cgroup and its processes',
  details: [
    'Shows the memory of a cgroup, the limit in force and which cgroup sets it, and the processes as a tree ' +
      'with their resident memory. Without an operand: the cgroup of this command.',
  ],
  operands: oneTarget(0),
  options: {
    json: flag('print it as JSON, with all of memory.stat and the limits'),
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

const COUNTED = ['swapBytes', 'kernelBytes', 'events', 'pressure'] as const;

function statusOf(cgroup: Cgroup) {
  const [counted] = readMany([cgroup], { fields: COUNTED });
  if (counted === undefined || counted instanceof Error) throw counted;
  const { swapBytes, kernelBytes, events, pressure } = counted;
  return {
    path: cgroup.path,
    version: cgroup.version,
    usage: cgroup.usage(),
    peakBytes: cgroup.peak(),
    limits: cgroup.limits(),
    effectiveLimits: cgroup.effectiveLimits(),
    swapBytes,
    kernelBytes,
    limitHits: cgroup.details().limitHits,
    oomKills: events.oomKill,
    pressure,
    stat: cgroup.stat(),
    processes: cgroup.processes(),
  };
}

type Status = ReturnType<typeof statusOf>;

function render(status: Status): string {
  const { path, version, usage, peakBytes, effectiveLimits, stat, processes, limitHits, pressure } = status;
  const { maxBytes } = effectiveLimits;
  const percent = `${((usage.usageBytes / maxBytes) * 100).toFixed(1)} %`;
  const bytes = (name: string) => formatSize(stat[version === 1 ? `total_${name}` : name] ?? 0);
  const rows: [name: string, value: string][] = [
    [
      'usage',
      `${formatSize(usage.usageBytes)} of ${formatSize(maxBytes)} (${percent})${ofWhom(effectiveLimits, path)}`,
    ],
    ['working set', formatSize(usage.workingSetBytes)],
    ['peak', peakBytes === null ? 'not recorded by this kernel' : formatSize(peakBytes)],
    ['anon', version === 1 ? bytes('rss') : bytes('anon')],
    ['file', version === 1 ? bytes('cache') : bytes('file')],
    ['kernel', known(status.kernelBytes)],
    ['swap', known(status.swapBytes)],
    ['limit hits', limitHitsText(limitHits, status.oomKills > 0)],
    ['OOM kills', String(status.oomKills)],
    ...(pressure === null ? [] : stallRows(pressure)),
    [
      'processes',
      `${processes.length}${processes.length > 1 ? '; pages that they share count in the RSS of each' : ''}`,
    ],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(11)}  ${value}`);
  return `${[`${printable(path)} (cgroup v${version})`, ...lines, ...processLines(processes)].join('\n')}\n`;
}

function known(bytes: number | null): string {
  return bytes === null ? 'not counted by this kernel' : formatSize(bytes);
}

function stallRows({ some, full }: Pressure): [name: string, value: string][] {
  const text = ({ avg10, avg60, total }: PressureLine): string =>
    `${avg10} % of the last 10 s, ${avg60} % of the last minute, ${formatDuration(total / 1000)} in all`;
  return [
    ['stalled', text(some)],
    ['all stalled', text(full)],
  ];
}

function ofWhom({ maxBy, maxPath }: EffectiveLimits, path: string): string {
  if (maxPath === path) return '';
  return maxBy === 'ram'
    ? ', the machine'
    : `, the limit of ${maxPath === null ? 'a cgroup above' : printable(maxPath)}`;
}

/** Of memcage's own init, the options are left out. */
function commandOf({ name, command }: CgroupProcess): string {
  const launched = launchedCommand(command);
  const words = launched === undefined ? command : ['memcage-exec (init)', ...launched];
  return printable(words.join(' ').trimEnd() || name).slice(0, 120);
}

function processRow(process: CgroupProcess): [pid: string, rss: string, command: string] {
  const { pid, depth, rssBytes } = process;
  return [String(pid), rssBytes === null ? '' : formatSize(rssBytes), '  '.repeat(depth) + commandOf(process)];
}

const HEADING = ['PID', 'RSS', 'COMMAND'];

function processLines(processes: readonly CgroupProcess[]): string[] {
  if (processes.length === 0) return [];
  const rows = [HEADING, ...processes.map(processRow)];
  return rows.map(([pid = '', rss = '', command = '']) => `  ${pid.padStart(7)}  ${rss.padStart(9)}  ${command}`);
}
