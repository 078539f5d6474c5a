import { join } from 'node:path';
import type { Fault } from '../../support/proving/faults';
import { ruleOf } from '../../support/proving/faults';
import { judge, type Wrong } from '../../support/proving/judge';
import { type Operated, operate } from '../../support/proving/operate';
import { makePlace, type Place } from '../../support/proving/place';
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

  const plant = (what: string, rules: readonly string[] = []): Promise<Operated> =>
    operate(OPERATION, place, { rules, program: PLANTED, env: { MEMCAGE_TEST_PLANT: what }, timeoutMs: 1500 });

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

  testRows('sees what is wrong', ROWS, async ([what, wrong, text]) => {
    const found = judge(await plant(what), sound, FAULT);
    expect(found).toContainEqual({ wrong, what: expect.stringContaining(text) });
    expect(place.left()).toEqual([]);
  });

  testRows('sees what is wrong with an error', OF_ERRORS, async ([what, wrong, text]) => {
    const found = judge(await plant(what, [ruleOf(FAULT)]), sound, FAULT);
    expect(found).toEqual([{ wrong, what: expect.stringContaining(text) }]);
  });
});
