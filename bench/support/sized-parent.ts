/**
 * Started by fork() with a number of MiB, which it holds in V8's heap. For each message, 'stock' or 'caged', it starts a child in
 * that way, and answers with its times.
 */
import { once } from 'node:events';
import { holdHeap } from './ballast';
import { timeStart } from './interleave';
import { caged, stock } from './starts';

async function main(): Promise<void> {
  const [, , mib] = process.argv;
  const ballast = holdHeap(Number(mib));
  process.send?.({ residentBytes: process.memoryUsage.rss() });
  while (process.connected) {
    const [kind] = (await once(process, 'message')) as [unknown];
    const sample = await timeStart(kind === 'caged' ? caged : stock);
    ballast.check();
    process.send?.(sample);
  }
}

void main();
