import { generalSubject, isForeign } from '../../support/proving/faults';
import { type Operated, operate } from '../../support/proving/operate';
import type { Point } from '../../support/proving/oversee';
import { makePlace, type Place } from '../../support/proving/place';
import { type Cut, cut, isChange } from '../../support/proving/power-cut';
import { LONGEST_MS, operateSoundly, operationsToTry, tryEach } from '../../support/proving/try-each';
import { describeIf } from '../../support/require';

const asked = process.env['MEMCAGE_TEST_POWER_CUTS'];
/** Private and shared cages, sides, a detached cage, a cage made ahead, nested ones, a place for others, what a dead one has left. */
const OPERATIONS = process.env['MEMCAGE_TEST_OPERATIONS']?.split(',') ?? [
  'spawn',
  'again',
  'limited',
  'detached',
  'close',
  'gate',
  'launcher',
  'list',
  'limits',
  'collect',
];
/** The guardian comes when the parent is dead. */
const KILLED = 'kill parent child execve 2';

describeIf(['seccomp', 'machine', 'root', 'cgroup'], 'a cut of the power', () => {
  let place: Place;
  beforeAll(() => {
    place = makePlace();
  });
  afterAll(() => place.remove());

  test(
    'leaves only what the next memcage, or memcage gc, finds and removes',
    async () => {
      const runs: (readonly [string, Operated])[] = [];
      for (const name of operationsToTry(OPERATIONS, asked, 3))
        runs.push([name, await operateSoundly(name, place, { open: true })]);
      const guarded = await operate('spawn', place, { open: true, rules: [KILLED] });
      const cuts = [...runs.flatMap(([name, run]) => cutsOf(name, run)), ...cutsOfGuardian(guarded)];
      await tryEach('cuts', { all: cuts, distinct: cuts, asked, usually: 8 }, async (each, index) => {
        const run = await cut(each, place, index % 2 === 0 ? 'gc' : 'start');
        return {
          reached: run.hits.length === each.rules.length,
          wrong: run.wrong.map((what) => `${each.title}: ${what}`),
        };
      });
    },
    LONGEST_MS,
  );

  test('is judged: what nobody can find is seen', async () => {
    const rules = ['kill both child write 1'];
    expect((await cut({ operation: 'spawn', rules }, place, 'gc')).wrong).toEqual([]);
    const planted = ['run parent mkdirat 1 mkdir "$PLANTED/planted"', ...rules];
    process.env['PLANTED'] = place.cgroups[0] ?? '';
    try {
      const { wrong } = await cut({ operation: 'spawn', rules: planted }, place, 'gc');
      expect(wrong).toEqual([
        expect.stringMatching(/^left .*\/planted, which nobody can know$/),
        expect.stringMatching(/^after the next memcage: cgroup .*\/planted$/),
      ]);
    } finally {
      delete process.env['PLANTED'];
    }
  });
});

function cutsOf(operation: string, { points }: Operated): Cut[] {
  return distinct(points.filter((point) => isChange(point) && !isForeign(operation, point))).map((point) => ({
    operation,
    point,
    rules: [`kill both ${words(point)}`],
    title: `${operation} at ${words(point)} (${point.subject})`,
  }));
}

/** The guardian itself is cut off while it removes what its parent has left. */
function cutsOfGuardian({ points }: Operated): Cut[] {
  const own = points.filter((point) => point.role === 'guardian' && isChange(point) && point.call !== 'clone');
  return distinct(own).map((point) => ({
    operation: 'spawn',
    point,
    rules: [KILLED, `kill guardian ${words(point)}`],
    title: `spawn, killed, at ${words(point)} (${point.subject})`,
  }));
}

const words = ({ role, call, nth }: Point): string => `${role} ${call} ${nth}`;

/** One of those that differ only in the count, but all that make or remove something. */
function distinct(points: readonly Point[]): Point[] {
  const kinds = new Map<string, Point>();
  for (const point of points) {
    const { role, call, nth, subject } = point;
    const isEach = call === 'mkdirat' || call === 'unlinkat';
    const kind = [role, call, isEach ? nth : generalSubject(subject)].join('\n');
    if (!kinds.has(kind)) kinds.set(kind, point);
  }
  return [...kinds.values()];
}
