import { setTimeout as sleep } from 'node:timers/promises';
import { createCage } from 'memcage';
import type { Case } from '../support/case';
import { KernelLog } from '../support/kernel-log';
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

/** Time from the kill, by the kernel's own clock, to the event. */
async function delay(): Promise<number> {
  await using cage = createCage({ memory: '20M' });
  const child = cage.spawn('sh', ['-c', 'read line; exec stress --vm-bytes 60m --vm-keep -m 1'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // By now it has started, and waits.
  await sleep(50);
  const log = new KernelLog();
  try {
    const reported = new Promise<bigint>((resolve) => cage.once('oom', () => resolve(process.hrtime.bigint())));
    child.stdin.end('\n');
    const event = await reported;
    await child.outcome;
    return milliseconds(log.firstKill(), event);
  } finally {
    log.close();
  }
}
