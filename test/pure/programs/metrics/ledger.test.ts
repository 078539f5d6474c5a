import { Ledger } from '../../../../lib/programs/metrics/ledger';

const counts = (oomKills: number, limitHits = 0) => ({ oomKills, limitHits, pageFaults: 0, majorFaults: 0 });
const totals = (...args: Parameters<typeof counts>) => ({ ...counts(...args), minorFaults: 0 });

it('has of one cgroup what that has counted', () => {
  const ledger = new Ledger();
  ledger.add('a', '/1', counts(2, 7));
  ledger.add('a', '/1', { ...counts(3, 7), waitingSeconds: 1.5 });

  expect(ledger.total('a')).toEqual({ ...totals(3, 7), waitingSeconds: 1.5 });
  expect(ledger.total('b')).toEqual(totals(0));
});

it('adds up those that have the same labels, and goes on when one has ended', () => {
  const ledger = new Ledger();
  ledger.add('a', '/1', counts(2));
  ledger.add('a', '/2', counts(1));
  ledger.keep(new Set(['/2']));
  ledger.add('a', '/2', counts(4));
  expect(ledger.total('a')).toEqual(totals(6));

  // Another cage with the same name.
  ledger.add('a', '/1', counts(5));
  expect(ledger.total('a')).toEqual(totals(11));
});

it('only grows when a count starts anew', () => {
  const ledger = new Ledger();
  ledger.add('a', '/1', counts(5, 3));
  ledger.add('a', '/1', counts(2, 3));
  ledger.add('a', '/1', counts(2, 4));

  expect(ledger.total('a')).toEqual(totals(7, 4));
});

it('takes in what a cgroup has counted in the end', () => {
  const ledger = new Ledger();
  ledger.add('a', '/1', counts(1, 9));
  ledger.addLast('a', '/1', 'oomKills', 3);
  ledger.addLast('a', '/2', 'oomKills', 1);
  ledger.addLast('a', '/3', 'oomKills', 0);

  expect(ledger.total('a')).toEqual(totals(4, 9));
});

it('forgets what is dropped', () => {
  const ledger = new Ledger();
  ledger.add('a', '/1', counts(1));
  ledger.drop('a');

  expect(ledger.total('a')).toEqual(totals(0));
});

it('has minor faults that only grow', () => {
  const ledger = new Ledger();
  const minor = (pageFaults: number, majorFaults: number): number => {
    ledger.add('a', '/1', { ...counts(0), pageFaults, majorFaults });
    return ledger.total('a').minorFaults;
  };

  expect([minor(10, 2), minor(10, 3), minor(11, 3), minor(13, 4)]).toEqual([8, 8, 8, 9]);
  expect(ledger.total('a')).toMatchObject({ pageFaults: 13, majorFaults: 4 });
});
