import { join } from 'node:path';
import { mountPoint } from '../../support/cgroups/cgroup-tree';
import type { Errno } from '../../support/proving/errnos';
import type { Fault } from '../../support/proving/faults';
import { ruleOf } from '../../support/proving/faults';
import { type Finding, judge, type Wrong } from '../../support/proving/judge';
import { type Operated, operate } from '../../support/proving/operate';
import type { Point } from '../../support/proving/oversee';
import { makePlace, type Place } from '../../support/proving/place';
import { operateSoundly } from '../../support/proving/try-each';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const PLANTED = join(__dirname, '../../fixtures/proving/planted.js');
const OPERATION = 'create';

/** What it is really about is what test/fixtures/proving/planted.js does then, or besides. */
const FAULT: Fault = {
  operation: OPERATION,
  point: { role: 'parent', call: 'mkdirat', nth: 1, subject: '' },
  errno: 'ENOSPC',
};

type Row = readonly [plant: string, wrong: Wrong, what: string];

const ROWS: readonly Row[] = [
  ['abort', 'crash', 'signal 6'],
  ['signal', 'crash', 'signal 11'],
  ['exit', 'crash', 'status 3'],
  ['stray', 'crash', 'nobody could catch'],
  ['hang', 'hang', 'planted.js'],
  ['spin', 'hang', 'planted.js'],
  ['uncaged', 'uncaged', '/true in '],
  ['root', 'uncaged', '-0123456789abcdef'],
  ['process', 'leak', 'sleep 1000.375'],
  ['child', 'leak', 'child '],
  ['fd', 'leak', 'fd /dev/zero'],
  ['cgroup', 'leak', '/left'],
  ['file', 'leak', 'file left'],
  ['mount', 'leak', 'mounted'],
];

/** These are about the error, so something has to fail. */
const OF_ERRORS: readonly Row[] = [
  ['errno', 'false', 'EIO -5 mkdir'],
  ['call', 'false', '-28 chdir'],
  ['partial', 'partial', '"something" instead of 67108864'],
  ['spoiled', 'spoiled', 'planted'],
];

describeIf(['seccomp', 'machine', 'root', 'cgroup'], 'the judge of faults', () => {
  let place: Place;
  let sound: Operated;

  const plant = (what: string, rules: readonly string[] = [], graceMs = 1000): Promise<Operated> =>
    operate(OPERATION, place, {
      rules,
      graceMs,
      program: PLANTED,
      env: { MEMCAGE_TEST_PLANT: what, UNIFIED: mountPoint('unified') },
      timeoutMs: 1500,
    });

  beforeAll(async () => {
    place = makePlace();
    sound = await operate(OPERATION, place);
  });
  afterAll(() => place.remove());

  test('finds nothing where nothing is wrong', async () => {
    expect(judge(sound, sound, FAULT)).toEqual([]);
    expect(judge(await plant('nothing'), sound, FAULT)).toEqual([]);
    const run = await plant('nothing', [ruleOf(FAULT)]);
    expect([run.said?.first.error?.errno, judge(run, sound, FAULT)]).toEqual([-28, []]);
  });

  test('refuses to begin where there is nothing to try', async () => {
    const options = { program: PLANTED, env: { MEMCAGE_TEST_PLANT: 'closed' } };
    await expect(operateSoundly(OPERATION, place, options)).rejects.toThrow('has only 0 points');
  });

  testRows('sees what is wrong', ROWS, async ([what, wrong, text]) => {
    // What was planted stays, however long one waits.
    const found = judge(await plant(what, [], 50), sound, FAULT);
    expect(found).toContainEqual({ wrong, what: expect.stringContaining(text) });
    expect(place.left()).toEqual([]);
  });

  testRows('sees what is wrong with an error', OF_ERRORS, async ([what, wrong, text]) => {
    const found = judge(await plant(what, [ruleOf(FAULT)]), sound, FAULT);
    expect(found).toEqual([{ wrong, what: expect.stringContaining(text) }]);
  });

  test('sees a list that something else is missing from, or that has something else, than what could not be looked at', async () => {
    const whole = await operate('list', place);
    const list = whole.said?.first.result as unknown[];
    const judged = (call: string, subject: string, errno: Errno, result: unknown, operation = 'list'): Finding[] => {
      const point: Point = { role: 'parent', call, nth: 1, subject };
      const said = whole.said && { ...whole.said, first: { result } };
      return judge({ ...whole, said, hits: [subject] }, whole, { operation, point, errno });
    };
    const partial = [expect.objectContaining({ wrong: 'partial' })];
    const limit = '/sys/fs/cgroup/memory/1/memory.limit_in_bytes';
    expect(list.length).toBeGreaterThan(0);
    // What may be missing, and what may not.
    expect(judged('getdents64', '', 'ENOENT', [])).toEqual([]);
    expect(judged('openat2', limit, 'EACCES', list.slice(1))).toEqual([]);
    expect(judged('openat2', limit, 'ENOENT', [null, ...list.slice(1)])).toEqual([]);
    expect(judged('mkdirat', '1', 'ENOENT', [])).toEqual(partial);
    expect(judged('getdents64', '', 'EINVAL', [])).toEqual(partial);
    expect(judged('getdents64', '', 'ENOENT', [1])).toEqual(partial);
    expect(judged('getdents64', '', 'ENOENT', [...list, ...list])).toEqual(partial);
    expect(judged('getdents64', '', 'ENOENT', 'nothing')).toEqual(partial);
    expect(judged('openat2', limit, 'EACCES', [null, ...list.slice(1)])).toEqual(partial);
    expect(judged('getdents64', '', 'ENOENT', [], 'cgroup')).toEqual(partial);
  });

  test('sees a limit of swap that is missing, but where the kernel says that there is no file for it', () => {
    const result = { exitCode: 0, swapLimited: true };
    const all = sound.said && { ...sound.said, first: { result }, second: { result } };
    const judged = (errno: Errno, first: object, second: object): Wrong[] => {
      const said = all && { ...all, first: { result: first }, second: { result: second } };
      const point: Point = { role: 'parent', call: 'openat2', nth: 1, subject: 'memory.swap.max' };
      const run = { ...sound, said, hits: [point.subject] };
      return judge(run, { ...sound, said: all }, { operation: 'init', point, errno }).map(({ wrong }) => wrong);
    };
    const less = { ...result, swapLimited: false };
    expect(judged('ENOENT', less, less)).toEqual([]);
    expect(judged('EOPNOTSUPP', less, result)).toEqual([]);
    expect(judged('EIO', less, less)).toEqual(['partial', 'spoiled']);
    expect(judged('ENOENT', { ...less, exitCode: 1 }, { ...less, exitCode: 1 })).toEqual(['partial', 'spoiled']);
  });

  // Cgroup v2 alone has no other hierarchy in which a child could be instead.
  describeIf('hybrid', 'beside cgroup v2', () => {
    test('sees a child that is in a leaf there, and not in one of memory’s', async () => {
      const found = judge(await plant('unified'), sound, FAULT);
      expect(found).toEqual([
        { wrong: 'uncaged', what: expect.stringMatching(/\/true in .*0::\S*\/memcage-\d+-\w+\/1/) },
      ]);
    });
  });
});
