import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createCage } from 'memcage';
import type { Case } from '../support/case';
import { median, milliseconds } from '../support/stats';

export const oom: Case = {
  name: 'oom',
  async run({ quick }) {
    const delays: number[] = [];
    for (let i = 0; i < (quick ? 5 : 30); i += 1) delays.push(await delay());
    const figure = median(delays);
    const measure = "OOM kill to 'oom' event, median";
    return [{ measure, value: `${figure.toFixed(2)} ms (worst ${Math.max(...delays).toFixed(2)})`, figure, bound: 2 }];
  },
};

/** From the moment when a busy reader sees the kernel's count grow to the event. */
async function delay(): Promise<number> {
  await using cage = createCage({ memory: '20M' });
  const child = cage.spawn('sh', ['-c', 'read line; exec stress --vm-bytes 60m --vm-keep -m 1'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const counts = cage.cgroup.version === 1 ? 'memory.oom_control' : 'memory.events';
  // The child's own cgroup, where v1 counts.
  const path = join(cage.cgroup.path, '1', counts);
  const clock = new Worker(join(__dirname, '../support/kill-clock.js'), { workerData: { path } });
  await once(clock, 'message');
  const killed = once(clock, 'message');
  const reported = new Promise<bigint>((resolve) => cage.once('oom', () => resolve(process.hrtime.bigint())));
  child.stdin.end('\n');
  const [at] = (await killed) as [bigint];
  const event = await reported;
  await child.outcome;
  await clock.terminate();
  return milliseconds(at, event);
}
