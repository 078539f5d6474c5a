import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { createCage, type SharedCage } from 'memcage';
import type { Case, Row } from '../support/case';
import { fdCount, heapBytes, threadCount } from '../support/own';
import { median } from '../support/stats';
import { Turns } from '../support/turns';

/** Cages that are made in one turn of the event loop. */
const AT_A_TIME = 10;
const MOST_BYTES = 20_000;
const MOST_MS = 100;
const MOST_GROWTH = 1.5;
const LISTENED_ONE_IN = 10;

/** Microseconds of this process's processors for each cage, of each batch. */
type Pace = number[];

/** How much one of very many open cages costs, empty ones and ones with a child. */
export const cages: Case = {
  name: 'cages',
  async run({ quick }) {
    const rows = await measure(quick ? 2000 : 10_000, 'empty cages', () => createCage({ memory: '50M' }));
    const withChild = (): SharedCage => {
      const cage = createCage({ memory: '50M' });
      // Not a second: they stay until the cages close.
      cage.spawn('sleep', ['1000.0625'], { stdio: 'ignore' });
      return cage;
    };
    rows.push(...(await measure(quick ? 400 : 1500, 'cages with a child', withChild)));
    return rows;
  },
};

async function measure(count: number, what: string, make: () => SharedCage): Promise<Row[]> {
  const turns = new Turns();
  // The first ones load and compile code, and start the guardian.
  await closeAll(await makeAll(200, make));
  await sleep(500);
  const before = { fds: fdCount(), threads: threadCount(), heap: heapBytes(), resident: process.memoryUsage.rss() };
  const pace: Pace = [];
  turns.resume();
  const open = await makeAll(count, make, pace);
  turns.pause();
  const creating = turns.used.max;
  const threads = threadCount() - before.threads;
  const fds = (fdCount() - before.fds) / count;
  const heap = (heapBytes() - before.heap) / count;
  const resident = (process.memoryUsage.rss() - before.resident) / count;
  turns.resume();
  await live(open);
  turns.pause();
  const living = turns.used.max;
  turns.resume();
  const startedMs = performance.now();
  await closeAll(open);
  const closedMs = performance.now() - startedMs;
  turns.pause();
  const closing = turns.used.max;
  turns.close();
  const { first, last } = ends(pace);
  const many = `${count.toLocaleString('en')} ${what}`;
  const longest = (doing: string, ms: number): Row => ({
    ...{
      measure: `the same: longest turn ${doing}, processor time`,
      value: `${ms.toFixed(0)} ms`,
      figure: ms,
      bound: MOST_MS,
    },
  });
  const bytes = (name: string, each: number): Row => ({
    ...{
      measure: `the same: ${name} per cage`,
      value: `${(each / 1000).toFixed(1)} kB`,
      figure: each,
      bound: MOST_BYTES,
    },
  });
  return [
    {
      measure: `${many}: time of the last tenth over the first`,
      value: `${(last / first).toFixed(2)} (${last.toFixed(0)} us / ${first.toFixed(0)} us)`,
      figure: last / first,
      bound: MOST_GROWTH,
    },
    { measure: 'the same: threads more', value: String(threads), figure: threads, bound: 0 },
    { measure: 'the same: fds per cage', value: fds.toFixed(2) },
    bytes('heap', heap),
    bytes('RSS', resident),
    longest('while they are made', creating),
    longest('while they live, with events', living),
    longest(`while all close at once (${(closedMs / 1000).toFixed(1)} s)`, closing),
  ];
}

async function makeAll(count: number, make: () => SharedCage, pace?: Pace): Promise<SharedCage[]> {
  const made: SharedCage[] = [];
  let used = process.cpuUsage();
  while (made.length < count) {
    made.push(make());
    if (made.length % AT_A_TIME !== 0) continue;
    await turn();
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    pace?.push((user + system) / AT_A_TIME);
  }
  return made;
}

/** Of the batches of the first and the last tenth. A median, since a collection of garbage falls into some of them. */
function ends(pace: Pace): { first: number; last: number } {
  const tenth = Math.ceil(pace.length / 10);
  return { first: median(pace.slice(0, tenth)), last: median(pace.slice(-tenth)) };
}

/** Some are listened to, in some children end, and in some memory kills one. */
async function live(open: readonly SharedCage[]): Promise<void> {
  const heard = open.filter((_cage, at) => at % LISTENED_ONE_IN === 0);
  let kills = 0;
  for (const [at, cage] of heard.entries()) {
    cage.on('oom', () => {
      kills += 1;
    });
    if (at % AT_A_TIME === 0) await turn();
  }
  const greedy = heard.slice(0, 5);
  for (const cage of greedy) {
    cage.setLimits({ memory: '8M' });
    await cage.run('tail', ['/dev/zero'], { reject: false });
  }
  for (const cage of heard.slice(5, 55)) await cage.run('true', []);
  if (kills < greedy.length) throw new Error(`${greedy.length} children were killed for memory, and ${kills} heard of`);
}

async function closeAll(open: readonly SharedCage[]): Promise<void> {
  await Promise.all(open.map((cage) => cage.close()));
}
