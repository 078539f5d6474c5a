import { rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCage, type SharedCage } from 'memcage';
import { attempt, finish } from '../finish';
import type { Kind, World } from '../world';
import { SLEEP, TRUE } from './programs';

const QUIET = { stdio: 'ignore' } as const;

const cageOf = (world: World): SharedCage =>
  world.shared('cage', () => createCage({ memory: '500M', pids: 2000 }), 500);
const cageEach = (world: World): SharedCage =>
  world.shared('cage each', () => createCage({ memory: '500M', perChild: { memory: '50M' } }), 500);

const many: Kind = {
  name: 'shared cage',
  weight: 60,
  run: (world) => finish(world, many.name, () => cageOf(world).spawn(TRUE, [], QUIET)),
};

const nested: Kind = {
  name: 'private in shared',
  weight: 30,
  run: (world) => finish(world, nested.name, () => cageOf(world).spawn(TRUE, [], { ...QUIET, memory: '64M' })),
};

const perChild: Kind = {
  name: 'perChild',
  weight: 30,
  run: (world) => finish(world, perChild.name, () => cageEach(world).spawn(TRUE, [], QUIET)),
};

/** A cage that is closed, or killed, while its children start. */
const closing: Kind = {
  name: 'closed while starting',
  weight: 10,
  async run(world) {
    let cage: SharedCage;
    try {
      cage = createCage({ memory: '200M' });
    } catch (error) {
      world.tally.refuse(closing.name, error);
      return;
    }
    const ends = [TRUE, ...Array<string>(2).fill('sleep')].map((program) =>
      finish(world, closing.name, () => cage.spawn(program, [...SLEEP[1]], QUIET)),
    );
    if (world.random() < 0.5) await sleep(world.random() * 3);
    if (world.random() < 0.5) await cage.kill().catch((error: unknown) => world.tally.refuse(closing.name, error));
    await closePatiently(world, cage);
    await Promise.all(ends);
  },
};

const limits: Kind = {
  name: 'setLimits',
  weight: 10,
  run: (world) =>
    attempt(world, limits.name, async () => {
      const cage = createCage({ memory: '100M', pids: 50 });
      try {
        const end = cage.run(TRUE, []);
        end.catch(() => {});
        cage.setLimits({ memory: '60M' });
        cage.setLimits({ pids: 20 + Math.floor(world.random() * 20) });
        await end;
      } finally {
        await closePatiently(world, cage);
      }
    }),
};

/** Somebody else removes the cage's directory. */
const robbed: Kind = {
  name: 'cgroup removed by another',
  weight: 10,
  run: (world) =>
    attempt(world, robbed.name, async () => {
      const cage = createCage({ memory: '100M' });
      try {
        const { path } = cage.cgroup;
        if (world.random() < 0.5) await cage.run(TRUE, []);
        removeIfEmpty(path);
        world.tally.trouble('cgroup removed');
        await cage.run(TRUE, []);
      } finally {
        await closePatiently(world, cage);
      }
    }),
};

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It has children, or is gone.
  }
}

/** What was refused once is still open: the caller has to try again. */
export async function closePatiently(world: World, closable: { close(): Promise<unknown> }): Promise<void> {
  for (let attempts = 0; ; attempts += 1) {
    try {
      await closable.close();
      return;
    } catch (error) {
      if (attempts === 5) {
        world.tally.report('close', error);
        return;
      }
      world.tally.refuse('close', error);
    }
  }
}

export const sharedKinds = [many, nested, perChild, closing, limits, robbed];
