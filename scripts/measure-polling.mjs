// Measures the sampler of lib/cage/polling: what it costs, and by how much a process that eats memory gets beyond its limit.
//
//   node scripts/measure-polling.mjs           after npm run build:ts
//
// It measures the sampler by itself, without the functions of memcage that use it.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const MIB = 2 ** 20;
const MARKER = 'MEMCAGE_MEASURED';

/** Below the package, since the sampler looks for its thread's program there. */
const directory = join(root, 'build', 'measure-polling');

async function loadSampler() {
  const outfile = join(directory, 'open-group.js');
  const entry = join(root, 'lib/cage/polling/open-group.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', packages: 'external', format: 'cjs' });
  return createRequire(import.meta.url)(outfile).openGroup;
}

/** Takes memory at a pace: `MIB_AT_ONCE` and then a pause of so many milliseconds, up to 2 GiB. */
const EATER = `
  const [step, pause] = process.argv.slice(1).map(Number);
  const all = [];
  const eat = () => { if (all.length * step < 2048) all.push(Buffer.alloc(step * 2 ** 20, 1)); };
  if (pause === 0) for (;;) eat();
  else setInterval(eat, pause);
`;

function start(group, mark, code, ...args) {
  const child = spawn(process.execPath, ['-e', code, ...args], {
    stdio: 'ignore',
    env: { ...process.env, [MARKER]: mark },
  });
  group.add(child.pid);
  return child;
}

const ended = (child) => new Promise((resolve) => child.once('exit', resolve));

/** Milliseconds of a processor that the sampler's thread has used; the thread has the name of its kind. */
function samplerMs() {
  const costs = readdirSync('/proc/self/task').map((id) => {
    const [ns] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
    return [id, Number(ns) / 1e6];
  });
  return new Map(costs);
}

/** The busiest thread but the main one; nothing else works here. */
function busiest(before, after) {
  const used = [...after].filter(([id]) => Number(id) !== process.pid).map(([id, ms]) => ms - (before.get(id) ?? 0));
  return Math.max(...used);
}

let counter = 0;
const newMark = () => `${process.pid}-${++counter}`;

async function cost(openGroup, { groups, each, limitMib, platform, held = 1 }) {
  const opened = Array.from({ length: groups }, () => {
    const mark = newMark();
    const group = openGroup({ limitBytes: limitMib * MIB, marker: `${MARKER}=${mark}`, onKill() {}, platform });
    const hold = `const kept = Buffer.alloc(${held} * 2 ** 20, 1); setInterval(() => kept, 1000);`;
    const children = Array.from({ length: each }, () => start(group, mark, hold));
    return { group, children };
  });
  await sleep(6000);
  const [before, beganMs] = [samplerMs(), performance.now()];
  await sleep(10_000);
  const percent = (100 * busiest(before, samplerMs())) / (performance.now() - beganMs);
  const usage = opened.reduce((sum, { group }) => sum + (group.seen.usageBytes ?? 0), 0);
  for (const { group, children } of opened) {
    const ends = children.map(ended);
    await group.killAll();
    await Promise.all(ends);
    group.close();
  }
  return [`${percent.toFixed(1)} %`, `${Math.round(usage / MIB)} MiB seen`];
}

async function overshoot(openGroup, { limitMib, step, pause, platform }) {
  const over = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const mark = newMark();
    let kill;
    const group = openGroup({
      limitBytes: limitMib * MIB,
      marker: `${MARKER}=${mark}`,
      onKill: (seen) => (kill = seen),
      platform,
    });
    // The thread runs by then.
    group.lookNow(5000);
    const child = start(group, mark, EATER, step, pause);
    await ended(child);
    const { peakBytes, kills } = group.seen;
    group.close();
    if (kills === 0) over.push(Number.NaN);
    else over.push(Math.max(peakBytes, kill.usageBytes) / MIB - limitMib);
  }
  over.sort((a, b) => a - b);
  return [`${Math.round(over[2])} MiB`, `at most ${Math.round(over[4])} MiB`];
}

const COSTS = [
  ['1 process that sleeps, far below its limit', { groups: 1, each: 1, limitMib: 2000 }],
  ['1 process of 500 MiB, near its limit', { groups: 1, each: 1, limitMib: 600, held: 500 }],
  ['30 processes in one group', { groups: 1, each: 30, limitMib: 4000 }],
  ['30 groups of one process', { groups: 30, each: 1, limitMib: 100 }],
  ['5 processes by ps', { groups: 1, each: 5, limitMib: 4000, platform: 'darwin' }],
];

const EATERS = [
  ['64 MiB/s, limit 100 MiB', { limitMib: 100, step: 1, pause: 16 }],
  ['400 MiB/s, limit 100 MiB', { limitMib: 100, step: 4, pause: 10 }],
  ['as fast as it can, limit 100 MiB', { limitMib: 100, step: 8, pause: 0 }],
  ['as fast as it can, limit 500 MiB', { limitMib: 500, step: 8, pause: 0 }],
  ['64 MiB/s, limit 100 MiB, by ps', { limitMib: 100, step: 1, pause: 16, platform: 'darwin' }],
];

try {
  const openGroup = await loadSampler();
  const [load] = readFileSync('/proc/loadavg', 'utf8').split(' ');
  console.log(`Node.js ${process.version}, load ${load}\n`);
  console.log('| what is looked at | of one processor | |\n|---|---|---|');
  for (const [name, what] of COSTS) console.log(`| ${[name, ...(await cost(openGroup, what))].join(' | ')} |`);
  console.log('\n| what eats | seen above the limit, median of 5 | |\n|---|---|---|');
  for (const [name, what] of EATERS) console.log(`| ${[name, ...(await overshoot(openGroup, what))].join(' | ')} |`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
