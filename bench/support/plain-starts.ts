/**
 * Started by fork(): for each message a start by Node's own spawn, in no cage, and its time to the child's end as the answer.
 * By its argument memcage was not loaded before (`without`), has caged a child (`caged`), or has contained one (`contained`).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { milliseconds } from './stats';

const PROGRAM = '/bin/true';

async function useMemcage(contain: boolean): Promise<void> {
  await import('memcage/child_process');
  const { createCage } = await import('memcage');
  const cage = createCage({ memory: '100M' });
  if (contain) await cage.contain(() => once(spawn(PROGRAM, { stdio: 'ignore' }), 'exit'));
  else await cage.run(PROGRAM);
  await cage.close();
}

async function time(): Promise<number> {
  const called = process.hrtime.bigint();
  await once(spawn(PROGRAM, { stdio: 'ignore' }), 'exit');
  return milliseconds(called, process.hrtime.bigint());
}

async function main(): Promise<void> {
  const [, , kind] = process.argv;
  if (kind !== 'without') await useMemcage(kind === 'contained');
  for (;;) {
    await once(process, 'message');
    process.send?.(await time());
  }
}

void main();
