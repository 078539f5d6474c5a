/** Worker: reads a cgroup's kill count without a pause and says when it grew. Its path, and the way to read it, come in. */
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
while (kills() === 0);
parentPort?.postMessage(process.hrtime.bigint());
