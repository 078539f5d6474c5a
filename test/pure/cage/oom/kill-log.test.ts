import { joined } from '../../../../lib/cage/oom/kill-log';
import type { Death, LoggedKill } from '../../../../lib/cage/oom/kill-records';

const reported = (pid: number, timeUs: number, anonBytes?: number): LoggedKill => ({
  victim: { pid, name: 'dd' },
  timeUs,
  victimCgroup: `/${timeUs}`,
  limitCgroup: null,
  limitBytes: null,
  ...(anonBytes !== undefined && { anonBytes }),
});
const died = (pid: number, timeUs: number): Death => ({ victim: { pid, name: 'dd' }, timeUs, anonBytes: 1 });
const told = (kills: LoggedKill[], deaths: Death[]) =>
  joined(kills, deaths).map(({ pid, timeUs, report }) => [pid, timeUs, report?.victimCgroup]);

test('a death has the last report of its pid before it', () => {
  expect(told([reported(1, 10, 1), reported(1, 20, 1)], [died(1, 11), died(1, 21)])).toEqual([
    [1, 11, '/10'],
    [1, 21, '/20'],
  ]);
});

test('a death without a report is one all the same', () => {
  expect(told([reported(2, 10, 1)], [died(1, 11), died(2, 12)])).toEqual([
    [1, 11, undefined],
    [2, 12, '/10'],
  ]);
});

test('the report of a process that is about to die counts, and one whose death the log has lost does not', () => {
  expect(told([reported(1, 10, 1), reported(2, 20)], [])).toEqual([[2, 20, '/20']]);
});
