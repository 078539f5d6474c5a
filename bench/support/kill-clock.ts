/**
 * Worker: reads a cgroup's kill count every half millisecond and tells the time of the last reading before it grew, so that
 * a delay counted from there is rather too long than too short. Reading more often keeps one of two cores from being idle,
 * and the scheduler from moving there what is measured.
 */
import { openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const { path } = workerData as { path: string };
const fd = openSync(path, 'r');
const buffer = Buffer.alloc(4096);

function kills(): number {
  const length = readSync(fd, buffer, 0, buffer.length, 0);
  return Number(/^oom_kill (\d+)$/m.exec(buffer.toString('latin1', 0, length))?.[1] ?? 0);
}

parentPort?.postMessage('ready');
const pause = new Int32Array(new SharedArrayBuffer(4));
let before = process.hrtime.bigint();
while (kills() === 0) {
  before = process.hrtime.bigint();
  Atomics.wait(pause, 0, 0, 0.5);
}
parentPort?.postMessage(before);
