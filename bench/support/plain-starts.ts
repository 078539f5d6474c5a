/**
 * Started by fork(). For each message it starts a child with Node's own spawn, without a cage, and answers with the
 * time to the child's end. Its argument says what happens before: memcage is not loaded (`without`), has caged a
 * child (`caged`), or has contained one (`contained`).
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
