import { writeSync } from 'node:fs';
import { version } from '../../support/cgroup-tree';
import { generalSubject, isForeign } from '../../support/proving/faults';
import type { Finding } from '../../support/proving/judge';
import { BLOWS, type Blow, judgeKill, type Kill, strike, titleOf } from '../../support/proving/kills';
import { type Operated, type OperateOptions, operate } from '../../support/proving/operate';
import type { Point } from '../../support/proving/oversee';
import { makePlace, type Place } from '../../support/proving/place';
import { operationNames, random, sample, seedOf } from '../../support/proving/sample';
import { describeIf } from '../../support/require';

/** How many: a number, `distinct`, or `all`. */
const ASKED = process.env['MEMCAGE_TEST_KILLS'];
const WANTED = ASKED ?? '40';
const HOUR_MS = 3_600_000;
/** The caller has to remove what these make. */
const BY_HAND = ['remove', 'cgroup'];

// A kernel that is a process is slow at it: in guests only when asked.
describeIf(
  ['seccomp', 'root', 'cgroup', ...(ASKED === undefined ? (['machine'] as const) : [])],
  'a kill at a system call',
  () => {
    let place: Place;
    const sound = new Map<string, Operated>();

    beforeAll(() => {
      place = makePlace();
    });
    afterAll(() => place.remove());

    test(
      'leaves no process, cgroup or mount',
      async () => {
        const kills: Kill[] = [];
        for (const operation of operationNames().filter((name) => !BY_HAND.includes(name))) {
          const run = await operate(operation, place, { open: true });
          if (run.said === undefined) throw new Error(`${operation} ended with ${run.status}: ${run.stderr}`);
          expect([operation, run.said.first.error, run.remains, run.left]).toEqual([operation, undefined, [], []]);
          sound.set(operation, run);
          kills.push(...killsAt(operation, run));
        }
        const seed = seedOf();
        const chosen = choose(kills, seed);
        writeSync(2, `${chosen.length} of ${kills.length} kills, MEMCAGE_TEST_SEED=${seed}\n`);
        const wrong: string[] = [];
        let missed = 0;
        for (const kill of chosen) {
          const run = await strike(kill, place);
          if (run.hits.length === 0) missed += 1;
          for (const { wrong: kind, what } of judgeKill(run, sound.get(kill.operation) as Operated, kill)) {
            wrong.push(`${kind}: ${titleOf(kill)}: ${what}`);
            if (ASKED !== undefined) writeSync(2, `${wrong.at(-1)}\n`);
          }
        }
        writeSync(2, `${missed} were not reached\n`);
        expect(wrong).toEqual([]);
        expect(missed).toBeLessThan(Math.max(5, chosen.length / 10));
      },
      HOUR_MS * 10,
    );

    // At a call that only v1 has: there a child writes itself into its cage.
    (version === 1 ? test : test.skip)('is judged: what is left is seen', async () => {
      const whole = await operate('spawn', place, { open: true });
      const at: Point = { role: 'child', call: 'write', nth: 1, subject: '' };
      const judged = async (blow: Blow, options: OperateOptions): Promise<Finding[]> => {
        const rules = BLOWS[blow].map((what) => `${what} child write 1`);
        const run = await operate('spawn', place, { open: true, rules, graceMs: 300, ...options });
        return judgeKill(run, whole, { operation: 'spawn', point: at, blow });
      };
      const leak = (what: string): unknown => ({ wrong: 'leak', what: expect.stringContaining(what) });
      const cage = /cgroup .*memcage-\d+-[0-9a-f]+\/1/;

      expect(await judged('kill parent', {})).toEqual([]);
      const unguarded = await judged('kill parent', { env: { MEMCAGE_GUARDIAN: '0' } });
      expect(unguarded).toContainEqual({ wrong: 'leak', what: expect.stringMatching(cage) });
      // No other memcage starts.
      expect(await judged('kill both', {})).toContainEqual({ wrong: 'leak', what: expect.stringMatching(cage) });
      const stopped = await judged('stop guardian, kill parent', { continueMs: 10_000 });
      expect(stopped).toContainEqual(leak('memcage-guardian'));
      expect(place.left()).toEqual([]);
    });
  },
);

function killsAt(operation: string, { points }: Operated): Kill[] {
  const blows = Object.keys(BLOWS) as Blow[];
  return points
    .filter((point) => !isForeign(operation, point))
    .flatMap((point) => blows.map((blow): Kill => ({ operation, point, blow })));
}

function choose(kills: readonly Kill[], seed: number): Kill[] {
  if (WANTED === 'all') return [...kills];
  const kinds = new Map<string, Kill>();
  for (const kill of kills) {
    const { operation, point, blow } = kill;
    const kind = [operation, point.role, point.call, generalSubject(point.subject), blow].join('\n');
    if (!kinds.has(kind)) kinds.set(kind, kill);
  }
  const distinct = [...kinds.values()];
  return WANTED === 'distinct' ? distinct : sample(distinct, Number(WANTED), random(seed));
}
