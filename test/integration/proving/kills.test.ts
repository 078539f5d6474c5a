import { generalSubject, isForeign } from '../../support/proving/faults';
import type { Finding } from '../../support/proving/judge';
import { BLOWS, type Blow, judgeKill, type Kill, strike, titleOf } from '../../support/proving/kills';
import { type Operated, type OperateOptions, operate } from '../../support/proving/operate';
import type { Point } from '../../support/proving/oversee';
import { operationNames } from '../../support/proving/sample';
import { describeInPlace, LONGEST_MS, operateSoundly, tryEach } from '../../support/proving/try-each';

const asked = process.env['MEMCAGE_TEST_KILLS'];
/** The caller has to remove what these make. */
const BY_HAND = ['remove', 'cgroup'];

describeInPlace('a kill at a system call', asked, (inPlace) => {
  test(
    'leaves no process, cgroup or mount',
    async () => {
      const place = inPlace();
      const sound = new Map<string, Operated>();
      for (const name of operationNames().filter((each) => !BY_HAND.includes(each)))
        sound.set(name, await operateSoundly(name, place, { open: true }));
      const all = [...sound].flatMap(([name, run]) => killsAt(name, run));
      await tryEach('kills', { all, distinct: distinct(all), asked, usually: 40 }, async (kill) => {
        const run = await strike(kill, place);
        const found = judgeKill(run, sound.get(kill.operation) as Operated, kill);
        const wrong = found.map(({ wrong: kind, what }) => `${kind}: ${titleOf(kill)}: ${what}`);
        return { reached: run.hits.length > 0, wrong };
      });
    },
    LONGEST_MS,
  );

  test('is judged: what is left is seen', async () => {
    const place = inPlace();
    const whole = await operate('again', place, { open: true });
    const at: Point = { role: 'child', call: 'execve', nth: 1, subject: '' };
    const judged = async (blow: Blow, options: OperateOptions): Promise<Finding[]> => {
      const rules = BLOWS[blow].map((what) => `${what} child execve 1`);
      const run = await operate('again', place, { open: true, rules, graceMs: 300, ...options });
      return judgeKill(run, whole, { operation: 'again', point: at, blow });
    };
    const leak = (what: string): unknown => ({ wrong: 'leak', what: expect.stringContaining(what) });
    const cage = /cgroup .*memcage-\d+-[0-9a-f]+\/\d+/;

    expect(await judged('kill parent', {})).toEqual([]);
    const unguarded = await judged('kill parent', { env: { MEMCAGE_GUARDIAN: '0' } });
    expect(unguarded).toContainEqual({ wrong: 'leak', what: expect.stringMatching(cage) });
    // No other memcage starts.
    expect(await judged('kill both', {})).toContainEqual({ wrong: 'leak', what: expect.stringMatching(cage) });
    const stopped = await judged('stop guardian, kill parent', { continueMs: 10_000 });
    expect(stopped).toContainEqual(leak('memcage-guardian'));
    expect(place.left()).toEqual([]);
  });
});

function killsAt(operation: string, { points }: Operated): Kill[] {
  const blows = Object.keys(BLOWS) as Blow[];
  return points
    .filter((point) => !isForeign(operation, point))
    .flatMap((point) => blows.map((blow): Kill => ({ operation, point, blow })));
}

function distinct(kills: readonly Kill[]): Kill[] {
  const kinds = new Map<string, Kill>();
  for (const kill of kills) {
    const { operation, point, blow } = kill;
    const kind = [operation, point.role, point.call, generalSubject(point.subject), blow].join('\n');
    if (!kinds.has(kind)) kinds.set(kind, kill);
  }
  return [...kinds.values()];
}
