import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCage } from 'memcage';
import { randomFrom } from '../support/random';
import { drawKind, kinds } from './kinds';
import { Meter } from './meter';
import type { SoakOptions } from './options';
import { PLANTS } from './planted';
import { Renewed } from './renewed';
import { HEADER, rowOf, type Sample } from './series';
import { storm } from './storm';
import { Tally } from './tally';
import { endanger } from './trouble/danger';
import { Faults } from './trouble/faults';
import { shortOfFds } from './trouble/few-fds';
import { killGuardian } from './trouble/guardian';
import type { World } from './world';

/** Starts for one such trouble. */
const FEW_FDS_EVERY = 300;
const GUARDIAN_EVERY = 5000;
const MINUTE_MS = 60_000;

export interface SoakResult {
  samples: Sample[];
  tally: Tally;
  calls: number;
  faults: number;
}

export async function soak(options: SoakOptions, control: string, say: (sample: Sample) => void): Promise<SoakResult> {
  // Loads the addon.
  await createCage({ memory: '10M' }).close();
  const random = randomFrom(options.seed);
  const tally = new Tally();
  const faults = new Faults(control, options.seed, options.faults);
  const world: World = {
    random,
    tally,
    endanger: (child) => endanger(child, random, tally),
    shared: (name, make, uses) => renewed.get(name, make, uses),
  };
  const renewed = new Renewed(world);
  for (const name of ['uncaughtException', 'unhandledRejection']) {
    process.on(name, (error: unknown) => tally.report(name, error));
  }
  const chosen = kinds.filter(({ name }) => name === options.only);
  const draw = () => chosen[0] ?? drawKind(random);
  const troubles = sometimes(world, options);
  const meter = new Meter();
  const samples: Sample[] = [];
  if (options.out !== undefined) writeFileSync(options.out, `${HEADER}\n`);
  const endMs = performance.now() + options.minutes * MINUTE_MS;
  while (tally.starts < options.starts && performance.now() < endMs) {
    const until = Math.min(options.starts, tally.starts + options.every);
    faults.on();
    meter.resume();
    await storm(world, options.lines, draw, () => {
      troubles.each();
      return tally.starts < until && performance.now() < endMs;
    });
    meter.pause();
    faults.off();
    await troubles.ended();
    await renewed.clear();
    // For what is closed, or made ahead, in the next turns of the event loop, or is tried again until it works.
    await sleep(300);
    const sample = meter.sample(tally.starts);
    samples.push(sample);
    if (options.out !== undefined) appendFileSync(options.out, `${rowOf(sample)}\n`);
    say(sample);
  }
  const { calls, count } = faults;
  faults.close();
  return { samples, tally, calls, faults: count };
}

/** What happens once in so many starts. */
function sometimes(world: World, { planted }: SoakOptions): { each(): void; ended(): Promise<void> } {
  const { random, tally } = world;
  let running: Promise<void> | undefined;
  let count = 0;
  const each = (): void => {
    count += 1;
    if (planted !== undefined && count % PLANTS[planted].every === 0) PLANTS[planted].plant();
    // Each of them looks into a directory, for which there has to be an fd.
    if (running !== undefined) return;
    if (random() < 1 / GUARDIAN_EVERY) killGuardian(tally);
    if (random() < 1 / FEW_FDS_EVERY) {
      running = shortOfFds(Math.floor(random() * 8), tally).finally(() => {
        running = undefined;
      });
    }
  };
  return { each, ended: async () => running };
}
