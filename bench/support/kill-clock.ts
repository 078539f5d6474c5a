/**
 * Worker: reads a cgroup's kill count every twentieth of a millisecond and says when it grew. Without a pause it would take
 * one of two cores from those that are measured.
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
while (kills() === 0) Atomics.wait(pause, 0, 0, 0.05);
parentPort?.postMessage(process.hrtime.bigint());
