// Usage: measure-cpu-time.mjs, after npm run build
// Measures the limit of processor time, how far it is exceeded, what it adds to a start, and
// what a meter costs while its cage idles.
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCage, run, spawn } from '../dist/index.js';

const LIMIT_MS = 500;
const RUNS = 10;
const STARTS = 300;
const METERS = 100;
const IDLE_MS = 3000;

const LOOP = 'while :; do :; done';
const KINDS = {
  'one busy process': ['sh', ['-c', LOOP]],
  'four busy processes': ['sh', ['-c', `for i in 1 2 3; do ${LOOP} & done; ${LOOP}`]],
  'a shell that starts programs': ['sh', ['-c', 'while :; do /bin/true; done']],
  'a chain of short forks': ['sh', ['-c', "perl -e 'while (1) { exit if fork }' & exec sleep 60"]],
};

function row(name, values, unit) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.round((sorted.length - 1) * part)].toFixed(1);
  console.log(`${name.padEnd(46)} median ${at(0.5).padStart(7)} ${unit}, most ${at(1).padStart(7)} ${unit}`);
}

console.log(`limit ${LIMIT_MS} ms, ${availableParallelism()} processors, ${RUNS} runs each: exceeded by`);
for (const [name, [file, args]] of Object.entries(KINDS)) {
  const over = [];
  for (let i = 0; i < RUNS; i += 1) {
    const { limits } = await run(file, args, { cpuTimeMs: LIMIT_MS, reject: false });
    over.push(limits.cpuTime.usedMs - LIMIT_MS);
  }
  row(`  ${name}`, over, 'ms');
}

console.log('run() of `true`, start to end:');
for (const [name, options] of [
  ['without the limit', { memory: '50M' }],
  ['with it', { memory: '50M', cpuTimeMs: 60_000 }],
  ['without the limit, again', { memory: '50M' }],
  ['with it, again', { memory: '50M', cpuTimeMs: 60_000 }],
]) {
  const times = [];
  for (let i = 0; i < STARTS; i += 1) {
    const start = performance.now();
    await run('true', options);
    times.push(performance.now() - start);
  }
  row(`  ${name}`, times, 'ms');
}

console.log(`processor time of this process for each of ${METERS} meters, while its cage sleeps:`);
for (const [name, limitMs] of [
  ['60 s left', 60_000],
  ['less than 8 ms left', 8],
]) {
  const cages = Array.from({ length: METERS }, () => createCage({ cpuTimeMs: limitMs }));
  for (const cage of cages) spawn('sleep', ['60'], { cage, stdio: 'ignore' });
  await sleep(500);
  const before = process.cpuUsage();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  console.log(`  ${name.padEnd(24)} ${((user + system) / METERS / (IDLE_MS / 1000)).toFixed(1)} µs in a second`);
  await Promise.all(cages.map((cage) => cage.close()));
}
