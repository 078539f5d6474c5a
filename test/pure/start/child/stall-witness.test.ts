import type { StallHit, StallLimit } from '../../../../lib/cage/cgroup/stall-limit';
import { StallWitness } from '../../../../lib/start/child/stall-witness';

interface Limit {
  blindness: Error | undefined;
  hitCount: number;
  lastHit: StallHit | undefined;
}

function limit(...hits: Partial<StallHit>[]): StallLimit & Limit {
  const made: Limit = { hitCount: 0, lastHit: undefined, blindness: undefined };
  for (const each of hits) hit(made, each);
  return made as StallLimit & Limit;
}

function hit(limit: Limit, given: Partial<StallHit>): void {
  limit.hitCount += 1;
  limit.lastHit = {
    limitMs: 1000,
    action: 'kill',
    toldBy: 'pressure',
    stalledMs: 1000,
    killed: true,
    refusal: undefined,
    ...given,
  };
}

test('a child whose cage gets on has no verdict', () => {
  expect(new StallWitness([limit()]).verdict()).toBeUndefined();
  expect(new StallWitness([]).verdict()).toBeUndefined();
});

test('the stall that the child was in', () => {
  const own = limit();
  const witness = new StallWitness([own]);
  hit(own, { stalledMs: 1234.5, toldBy: 'refaults' });
  expect(witness.verdict()).toEqual({ limitMs: 1000, stalledMs: 1235, toldBy: 'refaults', killed: true });
});

test('not one that a shared cage was in before', () => {
  const shared = limit({ stalledMs: 5000 });
  const witness = new StallWitness([shared]);
  expect(witness.verdict()).toBeUndefined();
  hit(shared, { stalledMs: 1000 });
  expect(witness.verdict()).toMatchObject({ stalledMs: 1000 });
});

test('of a cage around, if its own was in none', () => {
  const [own, around] = [limit(), limit()];
  const witness = new StallWitness([own, around]);
  hit(around, { stalledMs: 1100, toldBy: 'oomPaused' });
  expect(witness.verdict()).toMatchObject({ limitMs: 1000, toldBy: 'oomPaused' });
  hit(own, { limitMs: 9000, stalledMs: 9100 });
  expect(witness.verdict()).toMatchObject({ limitMs: 9000, toldBy: 'pressure' });
});

test('the one that killed, if its own only told', () => {
  const [own, around] = [limit(), limit()];
  const witness = new StallWitness([own, around]);
  hit(own, { limitMs: 700, action: 'event', killed: false });
  hit(around, { limitMs: 900 });
  expect(witness.verdict()).toMatchObject({ limitMs: 900, killed: true });
});

test('what the kernel refused in the life of the child', () => {
  const refusal = new Error('EPERM');
  const shared = limit({ killed: false, refusal });
  const witness = new StallWitness([shared]);
  expect(witness.refusal).toBeUndefined();
  hit(shared, { killed: false, refusal });
  expect(witness.refusal).toBe(refusal);
  expect(witness.verdict()).toMatchObject({ killed: false });
});

test('what the kernel refuses to tell', () => {
  const [own, around] = [limit(), limit()];
  const witness = new StallWitness([own, around]);
  around.blindness = new Error('EOPNOTSUPP');
  expect(witness.refusal).toBe(around.blindness);
  expect(witness.verdict()).toBeUndefined();
});
