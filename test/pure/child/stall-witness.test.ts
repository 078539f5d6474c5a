import type { StallLimit } from '../../../lib/cage/cgroup/stall-limit';
import { StallWitness } from '../../../lib/child/stall-witness';

type Seen = { -readonly [K in 'stall' | 'times' | 'longestMs' | 'toldBy' | 'refusal']: StallLimit[K] };

function limit(seen: Partial<Seen> = {}): StallLimit & Seen {
  const fresh: Seen = {
    stall: { ms: 1000, action: 'kill' },
    times: 0,
    longestMs: 0,
    toldBy: undefined,
    refusal: undefined,
  };
  return { ...fresh, ...seen } as StallLimit & Seen;
}

test('a child whose cage gets on has no verdict', () => {
  const short = limit();
  const witness = new StallWitness([short]);
  expect(witness.verdict()).toBeUndefined();
  Object.assign(short, { longestMs: 900, toldBy: 'pressure' });
  expect(witness.verdict()).toBeUndefined();
  expect(new StallWitness([]).verdict()).toBeUndefined();
});

test('the stall that the child was in', () => {
  const own = limit();
  const witness = new StallWitness([own]);
  Object.assign(own, { times: 1, longestMs: 1234.5, toldBy: 'refaults' });
  expect(witness.verdict()).toEqual({ ms: 1000, stalledMs: 1235, toldBy: 'refaults', killed: true });
});

test('not one that a shared cage was in before', () => {
  const shared = limit({ times: 1, longestMs: 5000, toldBy: 'pressure' });
  const witness = new StallWitness([shared]);
  expect(witness.verdict()).toBeUndefined();
  // Nothing is known of how long the second one took, but that it was no longer than the first.
  Object.assign(shared, { times: 2 });
  expect(witness.verdict()).toMatchObject({ stalledMs: 1000 });
});

test('of a cage around, if its own was in none', () => {
  const [own, around] = [limit({ stall: { ms: 9000, action: 'kill' } }), limit()];
  const witness = new StallWitness([own, around]);
  Object.assign(around, { times: 1, longestMs: 1100, toldBy: 'oomPaused' });
  expect(witness.verdict()).toMatchObject({ ms: 1000, toldBy: 'oomPaused' });
  Object.assign(own, { times: 1, longestMs: 9100, toldBy: 'pressure' });
  expect(witness.verdict()).toMatchObject({ ms: 9000, toldBy: 'pressure' });
});

test('it was not killed if that was not asked for, or if the kernel refused', () => {
  for (const how of [{ stall: { ms: 1000, action: 'event' } }, { refusal: new Error('EPERM') }] as Partial<Seen>[]) {
    const told = limit(how);
    const witness = new StallWitness([told]);
    Object.assign(told, { times: 1, longestMs: 1000, toldBy: 'pressure' });
    expect(witness.verdict()).toMatchObject({ killed: false });
  }
});
