import { writeSync } from 'node:fs';
import { distinct, type Fault, faultsOf, ruleOf, titleOf } from '../../support/proving/faults';
import { judge } from '../../support/proving/judge';
import { type Operated, operate } from '../../support/proving/operate';
import { makePlace, type Place } from '../../support/proving/place';
import { operationNames, random, sample, seedOf } from '../../support/proving/sample';
import { describeIf } from '../../support/require';

/** How many: a number, `distinct`, or `all`. */
const ASKED = process.env['MEMCAGE_TEST_FAULTS'];
const WANTED = ASKED ?? '100';
const HOUR_MS = 3_600_000;

// A kernel that is a process is slow at it: in guests only when asked.
describeIf(
  ['seccomp', 'root', 'cgroup', ...(ASKED === undefined ? (['machine'] as const) : [])],
  'a system call that fails',
  () => {
    let place: Place;
    const sound = new Map<string, Operated>();

    beforeAll(() => {
      place = makePlace();
    });
    afterAll(() => place.remove());

    test(
      'never brings about a crash, a hang, an uncaged child, a leak, or an error that is not true',
      async () => {
        const faults: Fault[] = [];
        for (const name of operationNames()) {
          const run = await operate(name, place);
          if (run.said === undefined) throw new Error(`${name} ended with ${run.status}: ${run.stderr}`);
          expect([name, run.said.first.error, run.said.stray, run.remains]).toEqual([name, undefined, [], []]);
          sound.set(name, run);
          faults.push(...faultsOf(name, run.points));
        }
        const seed = seedOf();
        const chosen = choose(faults, seed);
        const of = `${chosen.length} of ${faults.length} faults (${distinct(faults).length} distinct)`;
        writeSync(2, `${of}, MEMCAGE_TEST_SEED=${seed}\n`);
        const wrong: string[] = [];
        let missed = 0;
        for (const fault of chosen) {
          const run = await operate(fault.operation, place, { rules: [ruleOf(fault)] });
          if (run.hits.length === 0) missed += 1;
          const found = judge(run, sound.get(fault.operation) as Operated, fault);
          for (const { wrong: kind, what } of found) {
            wrong.push(`${kind}: ${titleOf(fault)}: ${what}`);
            if (ASKED !== undefined) writeSync(2, `${wrong.at(-1)}\n`);
          }
        }
        writeSync(2, `${missed} were not reached\n`);
        expect(wrong).toEqual([]);
        expect(missed).toBeLessThan(Math.max(5, chosen.length / 10));
      },
      HOUR_MS * 10,
    );
  },
);

function choose(faults: readonly Fault[], seed: number): Fault[] {
  if (WANTED === 'all') return [...faults];
  if (WANTED === 'distinct') return distinct(faults);
  return sample(distinct(faults), Number(WANTED), random(seed));
}
