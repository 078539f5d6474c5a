import { setTimeout as sleep } from 'node:timers/promises';
import { createCage, MemcageError, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import type { Case, Row } from '../support/case';
import { KernelLog } from '../support/kernel-log';
import { threadCount } from '../support/own';
import { median, milliseconds } from '../support/stats';

const BOUND_MS = 2;
const IDLE_MS = 5000;
/** V8 collects garbage and gives memory back some 8 s after the last work. */
const SETTLED_MS = 12_000;
const NAMES = ['oom', 'oomKill', 'high', 'max', 'low', 'empty', 'populated', 'frozen', 'thawed'] as const;

/** Grows in steps of 128 KiB, and prints CLOCK_MONOTONIC of the last moment below the threshold. */
const GROWING = `
  const { openSync, readSync } = require('node:fs');
  const text = Buffer.alloc(32);
  const kept = [];
  process.stdin.once('data', (line) => {
    const [threshold, file] = line.toString().split(' ');
    const usage = openSync(file, 'r');
    let below;
    for (;;) {
      const now = process.hrtime.bigint();
      if (Number(text.toString('latin1', 0, readSync(usage, text, 0, 32, 0))) >= Number(threshold)) break;
      below = now;
      kept.push(Buffer.allocUnsafeSlow(128 << 10).fill(1));
    }
    // The kernel looks once in some 128 pages.
    for (let more = 0; more < 16; more += 1) kept.push(Buffer.allocUnsafeSlow(128 << 10).fill(1));
    console.log(String(below));
  });
  console.log('ready');
`;

export const events: Case = {
  name: 'events',
  async run({ quick }) {
    const count = quick ? 5 : 30;
    const rows = [latency("OOM kill to 'oomKill' of a cgroup, median", await repeat(count, oomKillDelay))];
    using own = Cgroup.self();
    if (own.version === 1) {
      rows.push(latency("crossing of a threshold to 'threshold', median", await repeat(count, thresholdDelay)));
    }
    return [...rows, ...(await idle(quick ? 100 : 1000))];
  },
};

function latency(measure: string, delays: number[]): Row {
  const figure = median(delays);
  const value = `${figure.toFixed(2)} ms (worst ${Math.max(...delays).toFixed(2)})`;
  return { measure, value, figure, bound: BOUND_MS };
}

async function repeat(count: number, measure: () => Promise<number>): Promise<number[]> {
  const figures: number[] = [];
  for (let i = 0; i < count; i += 1) figures.push(await measure());
  return figures;
}

async function oomKillDelay(): Promise<number> {
  const child = spawn('sh', ['-c', 'read line; exec stress --vm-bytes 60m --vm-keep -m 1'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    memory: '20M',
  });
  const told = new Promise<bigint>((resolve) => {
    child.cage.cgroup.once('oomKill', () => resolve(process.hrtime.bigint()));
  });
  // By now it has started, and waits.
  await sleep(50);
  const log = new KernelLog();
  try {
    child.stdin.end('\n');
    const event = await told;
    await child.outcome;
    return milliseconds(log.firstKill(), event);
  } finally {
    log.close();
  }
}

async function thresholdDelay(): Promise<number> {
  const child = spawn(process.execPath, ['-e', GROWING], { memory: '512M', stdio: ['pipe', 'pipe', 'inherit'] });
  const output = child.stdout.setEncoding('latin1')[Symbol.asyncIterator]();
  await output.next();
  const { cgroup } = child.cage;
  const told = new Promise<bigint>((resolve) => {
    cgroup.once('threshold', () => resolve(process.hrtime.bigint()));
  });
  const threshold = cgroup.usage().usageBytes + (16 << 20);
  cgroup.addTrigger({ threshold });
  child.stdin.end(`${threshold} ${cgroup.path}/memory.usage_in_bytes`);
  const time = await told;
  const below = BigInt(String((await output.next()).value));
  await child.outcome;
  return milliseconds(below, time);
}

/** Makes cages with listeners for all events of this machine, including a trigger. Nothing happens in the cages. */
async function idle(count: number): Promise<Row[]> {
  const threads = threadCount();
  const cages = Array.from({ length: count }, () => {
    const cage = createCage({ memory: '16M' });
    cage.on('oom', nothing).on('close', nothing);
    for (const name of NAMES) listen(cage.cgroup, name);
    if (cage.cgroup.version === 1) cage.cgroup.addTrigger({ threshold: '8M' });
    return cage;
  });
  const moreThreads = threadCount() - threads;
  // Let the work end that making them left to do.
  await sleep(SETTLED_MS);
  const before = process.cpuUsage();
  const start = process.hrtime.bigint();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  const percent = ((user + system) / 1000 / milliseconds(start, process.hrtime.bigint())) * 100;
  for (const cage of cages) await cage.close();
  return [
    { measure: `${count} watched cages: threads more`, value: String(moreThreads), figure: moreThreads, bound: 0 },
    { measure: 'the same when idle: % of a core', value: percent.toFixed(2), figure: percent, bound: 1 },
  ];
}

function listen(cgroup: Cgroup, name: (typeof NAMES)[number]): void {
  try {
    cgroup.on(name, nothing);
  } catch (error) {
    if (!(error instanceof MemcageError) || error.code !== 'ERR_MEMCAGE_NOT_IN_VERSION') throw error;
  }
}

function nothing(): void {}
