import { setImmediate as turn } from 'node:timers/promises';
import type { Kind, World } from './world';

/** What takes longer has hung. A Node child that starts on a busy machine, behind others, takes some seconds. */
const PATIENCE_MS = 90_000;

/** Lines of starts, one after the other. */
export async function storm(world: World, lines: number, draw: () => Kind, goesOn: () => boolean): Promise<void> {
  const line = async (): Promise<void> => {
    while (goesOn()) {
      await patiently(world, draw());
      // What is refused at once would otherwise be tried again and again before anything else happens.
      await turn();
    }
  };
  await Promise.all(Array.from({ length: lines }, line));
}

async function patiently(world: World, kind: Kind): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<'hung'>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, 'hung');
  });
  try {
    const end = await Promise.race([kind.run(world), hung]);
    if (end === 'hung') world.tally.report(kind.name, 'hangs');
  } catch (error) {
    world.tally.report(kind.name, error);
  } finally {
    clearTimeout(timer);
  }
}
