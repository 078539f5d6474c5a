import type { ChildProcess } from 'node:child_process';
import type { Outcome } from 'memcage';
import type { World } from './world';

type Started = ChildProcess & { outcome?: Promise<Outcome | Outcome<null>> };

/** Follows a child that is in danger until nothing of it is left. */
export async function finish(world: World, kind: string, start: () => Started): Promise<void> {
  world.tally.start();
  let child: Started;
  try {
    child = start();
  } catch (error) {
    world.tally.refuse(kind, error);
    return;
  }
  await follow(world, kind, child);
}

export async function follow(world: World, kind: string, child: Started): Promise<void> {
  const errors: unknown[] = [];
  child.on('error', (error) => errors.push(error));
  for (const stream of child.stdio ?? []) stream?.on('error', () => {});
  for (const stream of [child.stdout, child.stderr]) stream?.resume();
  child.stdin?.end();
  world.endanger(child);
  const { oom, signal } = await (child.outcome ?? closed(child));
  const [error] = errors;
  if (error !== undefined) world.tally.refuse(kind, error);
  else world.tally.end(kind, oom ? 'oom' : signal ? 'signal' : 'good');
}

/** One of Node's own. */
function closed(child: ChildProcess): Promise<{ oom?: undefined; signal: string | null }> {
  return new Promise((resolve) => {
    child.once('error', () => child.pid === undefined && resolve({ signal: null }));
    child.once('close', (_code, signal) => resolve({ signal }));
  });
}

/** For a call that resolves or throws. */
export async function attempt(world: World, kind: string, call: () => unknown): Promise<void> {
  world.tally.start();
  try {
    await call();
    world.tally.end(kind, 'good');
  } catch (error) {
    world.tally.refuse(kind, error);
  }
}
