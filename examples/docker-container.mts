/**
 * A Docker container, seen from outside: starts `docker run -m 128m` with 100 MiB in use, finds its cgroup, limit,
 * usage and processes by the container's id, and compares the figures with `docker stats`.
 *
 * Uses the Docker engine that runs. As root, if there is none, it starts one of its own, and ends it.
 *
 *   npm run build && npm run build:programs && sudo node out/examples/docker-container.mjs
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cgroup, type CgroupProcess } from 'memcage/cgroup';
import { findAllocator } from './support/allocator.mts';
import { type Docker, findDocker } from './support/docker.mts';
import { packPrograms } from './support/programs.mts';
import { exitWith, Report } from './support/report.mts';

const MIB = 1024 * 1024;
const NAME = `memcage-example-${process.pid}`;
/** Time to take 100 MiB: a fraction of a second, but longer on an emulated virtual machine. */
const LONGEST_MS = 60_000;

const mib = (bytes: number): string => `${bytes} (${(bytes / MIB).toFixed(1)} MiB)`;

async function withContainer(docker: Docker, look: (id: string, program: string) => Promise<void>): Promise<void> {
  const allocator = findAllocator({ own: process.argv.includes('--own-allocator') });
  const directory = mkdtempSync(join(tmpdir(), 'memcage-example-'));
  try {
    const archive = join(directory, 'image.tar');
    packPrograms(archive, [allocator.file]);
    await docker.run('import', archive, NAME);
    const command = [allocator.file, ...allocator.args(100)];
    const id = await docker.run('run', '-d', '-m', '128m', '--network', 'none', '--name', NAME, NAME, ...command);
    await look(id, command.join(' '));
  } finally {
    rmSync(directory, { recursive: true });
    // Remove both, as far as they exist.
    await docker.run('rm', '-f', NAME).catch(() => {});
    await docker.run('image', 'rm', NAME).catch(() => {});
    allocator.remove();
  }
}

async function show(report: Report, cgroup: Cgroup, id: string): Promise<void> {
  const full = () => cgroup.usage().workingSetBytes >= 100 * MIB;
  for (let waited = 0; !full() && waited < LONGEST_MS; waited += 100) await sleep(100);

  report.check('cgroup', cgroup.path, cgroup.path.includes(id));
  report.check('by what docker ps prints', id.slice(0, 12), pathOf(id.slice(0, 12)) === cgroup.path);
  report.check('by its name', NAME, pathOf(NAME) === cgroup.path);
  const { limitBytes, usageBytes, percent } = cgroup.usage();
  report.check('limit', mib(limitBytes), limitBytes === 128 * MIB);
  report.check('usage', mib(usageBytes), usageBytes >= 100 * MIB && usageBytes <= limitBytes);
  report.check(
    'percent of the limit',
    percent?.toFixed(2) ?? 'none',
    percent !== null && percent > 78 && percent <= 100,
  );
  const real = realUse(cgroup);
  report.check('rss + cache + swap', mib(real), real >= 100 * MIB && real <= limitBytes);
}

function pathOf(idOrName: string): string {
  const found = Cgroup.find(idOrName);
  found.close();
  return found.path;
}

/** v1 has this as one figure, which is exact where the usage is not. */
function realUse(cgroup: Cgroup): number {
  const { realUseBytes } = cgroup.usage();
  if (realUseBytes !== null) return realUseBytes;
  const { anon = 0, file = 0 } = cgroup.stat();
  return anon + file + cgroup.get('memory.swap.current');
}

function showProcesses(report: Report, cgroup: Cgroup): void {
  const processes = cgroup.processes();
  for (const each of processes) report.tree(each.depth, describe(each));
  const [first, worker] = processes;
  const isTree = processes.length === 2 && first?.ownPid === 1 && worker?.depth === 1 && worker.parentPid === first.pid;
  report.check('processes', processes.length, isTree);
  // Each processor counts some pages for itself before they show in the process's figure.
  report.check('the worker has', mib(worker?.rssBytes ?? 0), (worker?.rssBytes ?? 0) >= 98 * MIB);
}

function describe({ name, pid, ownPid, rssBytes }: CgroupProcess): string {
  return `${name}, pid ${pid}, ${ownPid} in the container, ${((rssBytes ?? 0) / MIB).toFixed(1)} MiB resident`;
}

/**
 * `docker stats` takes a second or two, and reads at some moment in between. Some sample of that time must match its
 * figures.
 */
async function compare(report: Report, docker: Docker, cgroup: Cgroup, id: string): Promise<void> {
  const stats = docker.run('stats', '--no-stream', '--format', '{{.MemUsage}} / {{.MemPerc}}', id);
  const samples = await sampleUntil(stats, cgroup);
  const line = await stats;
  const { workingSetBytes, workingSetPercent, limitBytes } = cgroup.usage();
  samples.push(workingSetBytes);
  const lowest = Math.min(...samples);
  const highest = Math.max(...samples);
  const [usage = '', limit = '', percent = ''] = line.split(' / ');
  const isUsage = isRounded(parseSize(usage), lowest, highest);
  report.check('docker stats: usage', `${usage}, and here ${mib(workingSetBytes)}`, isUsage);
  report.check('docker stats: limit', limit, parseSize(limit).value === limitBytes);
  const here = workingSetPercent?.toFixed(2) ?? 'none';
  const rounded = { value: Number.parseFloat(percent), unit: 0.01 };
  const isPercent = isRounded(rounded, (lowest / limitBytes) * 100, (highest / limitBytes) * 100);
  report.check('docker stats: percent', `${percent}, and here ${here} %`, isPercent);
}

/** Samples the working set until a promise is settled. */
async function sampleUntil(settled: Promise<unknown>, cgroup: Cgroup): Promise<number[]> {
  let over = false;
  const end = () => {
    over = true;
  };
  settled.then(end, end);
  const samples: number[] = [];
  for await (const { workingSetBytes } of cgroup.watch({ intervalMs: 10, fields: ['workingSetBytes'] })) {
    samples.push(workingSetBytes);
    if (over) break;
  }
  return samples;
}

/** Docker prints four digits: `100.4MiB`. The unit is the value of the last digit. */
function parseSize(text: string): { value: number; unit: number } {
  const [, digits = '', prefix = ''] = /^([\d.]+)([KMGT]?)i?B$/.exec(text) ?? [];
  const scale = 1024 ** ' KMGT'.indexOf(prefix || ' ');
  const integers = digits.split('.')[0]?.length ?? 0;
  return { value: Number.parseFloat(digits) * scale, unit: scale * 10 ** Math.min(0, integers - 4) };
}

function isRounded({ value, unit }: { value: number; unit: number }, lowest: number, highest: number): boolean {
  // Half of the last digit, plus rounding errors of floating-point numbers.
  const slack = unit * 0.501;
  return value >= lowest - slack && value <= highest + slack;
}

async function main(): Promise<number> {
  const report = new Report();
  const found = await findDocker();
  if (typeof found === 'string') {
    console.log(found);
    return 1;
  }
  try {
    await withContainer(found, async (id, program) => {
      report.title(`docker run -m 128m ... ${program}, by ${found.how}`);
      const cgroup = Cgroup.find(id);
      await show(report, cgroup, id);
      showProcesses(report, cgroup);
      await compare(report, found, cgroup, id);
      cgroup.close();
    });
  } finally {
    await found.stop();
  }
  return report.end();
}

exitWith(main());
