/**
 * The main job: a child in new UTS, mount and PID namespaces, with a memory limit of 100 MiB. With 99 MiB it lives;
 * with 101 MiB the kernel kills the process that took them.
 *
 *   npm run demo
 */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'memcage';
import { type Allocator, findAllocator } from './support/allocator.mts';
import { exitWith, Report } from './support/report.mts';

const LIMIT = '100M';
/** Time to take 99 MiB: a fraction of a second, but longer on an emulated virtual machine. */
const LONGEST_MS = 60_000;
const LIMIT_BYTES = 100 * 1024 * 1024;
const MIB = 1024 * 1024;

const mib = (bytes: number): string => `${bytes} (${(bytes / MIB).toFixed(1)} MiB)`;

function start(command: string) {
  return spawn('sh', ['-c', `echo "$$ $(hostname)"; ${command}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    memory: LIMIT,
    namespaces: { uts: { hostname: 'cage' }, mount: true, pid: true },
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

async function within(report: Report, allocator: Allocator): Promise<void> {
  report.title(`99 MiB under a limit of 100 MiB: sh -c "${allocator.command(99)}"`);
  const child = start(allocator.command(99));
  const stdout = collect(child.stdout);
  const { cgroup } = child.cage;
  report.show('cgroup', cgroup.path);
  for (let waited = 0; cgroup.usage().usageBytes < 98 * MIB && waited < LONGEST_MS; waited += 100) await sleep(100);
  // It has all that it wants, and lives on.
  await sleep(1000);

  const [pid, hostname] = (stdout().split('\n')[0] ?? '').split(' ');
  report.check('pid that the child sees', pid ?? '', pid === '1');
  report.check('host name that it sees', hostname ?? '', hostname === 'cage');
  const pids = cgroup.pids();
  report.check('pids in the cgroup', pids.join(' '), pids.includes(child.pid ?? 0) && pids.length >= 2);
  const { usageBytes, limitBytes, workingSetBytes } = cgroup.usage();
  report.check('limit', mib(limitBytes), limitBytes === LIMIT_BYTES);
  report.check('usage', mib(usageBytes), usageBytes > 90 * MIB && usageBytes <= LIMIT_BYTES);
  report.show('working set', mib(workingSetBytes));
  const stat = cgroup.stat();
  for (const name of [
    'rss',
    'anon',
    'cache',
    'file',
    'mapped_file',
    'pgfault',
    'pgmajfault',
    'hierarchical_memory_limit',
  ]) {
    if (stat[name] !== undefined) report.show(`memory.stat ${name}`, stat[name]);
  }
  report.check(
    'alive',
    child.exitCode ?? child.signalCode ?? 'yes',
    child.exitCode === null && child.signalCode === null,
  );

  await child.cage.kill();
  const outcome = await child.outcome;
  report.check('stopped by us, not for memory', outcome.signal, outcome.signal === 'SIGKILL' && outcome.oom === null);
}

async function beyond(report: Report, allocator: Allocator): Promise<void> {
  report.title(`101 MiB under a limit of 100 MiB: sh -c "${allocator.command(101)}"`);
  const child = start(allocator.command(101));
  const stderr = collect(child.stderr);
  child.cage.on('oom', ({ cause, kills }) => report.show("event 'oom'", `cause ${cause}, kills ${kills}`));
  const closed = new Promise((resolve) => child.once('close', resolve));
  const outcome = await child.outcome;
  await closed;

  const line = stderr()
    .split('\n')
    .find((candidate) => candidate.includes('got signal'));
  report.check('the worker', line ?? 'says nothing', line?.includes('got signal 9') ?? false);
  report.check('outcome.oom.cause', outcome.oom?.cause ?? null, outcome.oom?.cause === 'limit');
  report.check('outcome.oom.kills', outcome.oom?.kills ?? null, (outcome.oom?.kills ?? 0) >= 1);
  const { peakBytes, limitBytes } = outcome.memory;
  report.check('peak', peakBytes === null ? 'unknown' : mib(peakBytes), peakBytes === null || peakBytes > 99 * MIB);
  report.check('limit', mib(limitBytes), limitBytes === LIMIT_BYTES);
  report.show('exit code of the shell', outcome.exitCode ?? String(outcome.signal));
  report.show('lived', `${outcome.durationMs.toFixed(0)} ms`);
}

async function main(): Promise<number> {
  const report = new Report();
  const allocator = findAllocator({ own: process.argv.includes('--own-allocator') });
  const hostname = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
  report.title('memcage');
  report.show('Linux', `${release()}, host ${hostname}, Node.js ${process.version}`);
  report.show('memory is taken by', allocator.name);
  try {
    await within(report, allocator);
    await beyond(report, allocator);
  } finally {
    allocator.remove();
  }
  return report.end();
}

exitWith(main());
