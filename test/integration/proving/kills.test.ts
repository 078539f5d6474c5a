import { generalSubject } from '../../support/proving/faults';
import type { Finding } from '../../support/proving/judge';
import {
  BLOWS,
  type Blow,
  judgeKill,
  type Kill,
  killsAt,
  strike,
  titleOf,
  wasDealt,
  wrongAmong,
} from '../../support/proving/kills';
import { type Operated, type OperateOptions, operate } from '../../support/proving/operate';
import { operationNames } from '../../support/proving/operation-names';
import type { Point } from '../../support/proving/oversee';
import { describeInPlace, LONGEST_MS, operateSoundly, operationsToTry, tryEach } from '../../support/proving/try-each';

const asked = process.env['MEMCAGE_TEST_KILLS'];
/** The caller has to remove what these make. */
const BY_HAND = ['remove', 'cgroup'];

describeInPlace('a kill at a system call', asked, (inPlace) => {
  test(
    'leaves no process, cgroup or mount',
    async () => {
      const place = inPlace();
      const sound = new Map<string, Operated>();
      const names = operationNames().filter((each) => !BY_HAND.includes(each));
      for (const name of operationsToTry(names, asked, 8))
        sound.set(name, await operateSoundly(name, place, { open: true }));
      const all = [...sound].flatMap(([name, run]) => killsAt(name, run));
      await tryEach('kills', { all, distinct: distinct(all), asked, usually: 24 }, async (kill) => {
        const run = await strike(kill, place);
        const found = judgeKill(run, sound.get(kill.operation) as Operated, kill);
        const wrong = found.map(({ wrong: kind, what }) => `${kind}: ${titleOf(kill)}: ${what}`);
        return { reached: wasDealt(run, kill), wrong };
      });
    },
    LONGEST_MS,
  );

  test('is judged: what is left is seen', async () => {
    const place = inPlace();
    const whole = await operate('again', place, { open: true });
    const at: Point = { role: 'child', call: 'execve', nth: 1, subject: '' };
    const judged = async (
      blow: Blow,
      { planted = [], ...options }: OperateOptions & { planted?: string[] },
    ): Promise<Finding[]> => {
      const rules = [...planted, ...BLOWS[blow].map((what) => `${what} child execve 1`)];
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
    const [parent = ''] = place.cgroups;
    const planted = [`run child execve 1 mkdir ${parent}/memcage-detached-7-0123456789abcdef`];
    expect(await judged('kill parent', { planted })).toContainEqual(leak('/memcage-detached-7-0123456789abcdef'));
    const stopped = await judged('stop guardian, kill parent', { continueMs: 10_000 });
    expect(stopped).toContainEqual(leak('memcage-guardian'));
    expect(place.left()).toEqual([]);
  });

  test('of a starter is judged: a start that fails for it is seen, and so is what is left', async () => {
    const place = inPlace();
    const whole = await operate('shared', place, { open: true });
    const at: Point = { role: 'starter', call: 'recvmsg', nth: 1, subject: '' };
    const judged = async (blow: Blow, { planted = [], env = {} }: { planted?: string[]; env?: NodeJS.ProcessEnv }) => {
      const rules = [...BLOWS[blow].map((what) => `${what} starter recvmsg 1`), ...planted];
      const run = await operate('shared', place, { open: true, rules, graceMs: 300, env });
      return judgeKill(run, whole, { operation: 'shared', point: at, blow });
    };
    expect(await judged('kill starter', {})).toEqual([]);
    // The one in its place is killed too.
    const twice = await judged('kill starter', { planted: ['kill starter starter recvmsg 2'] });
    expect(twice).toEqual([{ wrong: 'partial', what: expect.stringContaining('EAGAIN') }]);
    const unguarded = await judged('kill starter, kill parent', { env: { MEMCAGE_GUARDIAN: '0' } });
    expect(unguarded).toContainEqual({ wrong: 'leak', what: expect.stringMatching(/cgroup .*memcage-\d+-/) });
    expect(place.left()).toEqual([]);
  });
});

describe('what a detached child leaves', () => {
  const NAME = 'memcage-detached-7-0123456789abcdef';
  const child = (program: string, v1: string, v2: string): string => `process 9 x  ${program}  4:memory:${v1} 0::${v2}`;
  const sleeps = child('sleep 1000.125', `/${NAME}`, `/${NAME}`);
  const unified = child('sleep 1000.125', '/', `/${NAME}`);
  const cgroup = `cgroup /sys/fs/cgroup/memory/${NAME}`;
  const wrong = (...all: string[]): string[] => wrongAmong(all, String, { isGuarded: true });

  test('is right as long as it lives in its cage', () => {
    expect(wrong(sleeps, cgroup, 'controller memory of /x', 'cgroup /x/memcage-self-7')).toEqual([]);
    // Cgroup v2 alone, where nothing else is in the line.
    expect(wrong(`process 9 sleep  sleep 1000.125  0::/${NAME}`, `${cgroup} with 9`)).toEqual([]);
  });

  test('is wrong where nothing lives in it', () => {
    for (const alone of [[cgroup], [cgroup, 'controller memory of /x'], ['cgroup /x/memcage-self-7']]) {
      expect(wrong(...alone)).toEqual(alone);
    }
    const another = cgroup.replace('-7-', '-8-');
    expect(wrong(sleeps, another, `${cgroup}/leaf-1`)).toEqual([another, `${cgroup}/leaf-1`]);
  });

  test('is wrong where another process does, or the child somewhere else', () => {
    for (const each of [child('node operate.js', `/${NAME}`, `/${NAME}`), unified]) {
      expect(wrong(each, cgroup)).toEqual([each, cgroup]);
    }
  });
});

function distinct(kills: readonly Kill[]): Kill[] {
  const kinds = new Map<string, Kill>();
  for (const kill of kills) {
    const { operation, point, blow } = kill;
    const kind = [operation, point.role, point.call, generalSubject(point.subject), blow].join('\n');
    if (!kinds.has(kind)) kinds.set(kind, kill);
  }
  return [...kinds.values()];
}
