import type { LoggedKill } from '../../../../lib/cage/oom/kill-records';
import { witnessIn } from '../../../../lib/cage/oom/kill-witness';

/** Of the whole machine, whose limit this test need not look up. */
const kill = (pid: number): LoggedKill => ({
  victim: { pid, name: 'dd' },
  timeUs: 0,
  victimCgroup: '/a',
  limitCgroup: null,
  limitBytes: null,
  anonBytes: 4096,
});

function witnessed() {
  const kills: LoggedKill[] = [kill(1)];
  const log = { killsIn: () => ({ kills, complete: 0 }), close: jest.fn() };
  const witness = witnessIn(log, '/sys/fs/cgroup/a');
  const pids = (count: number) => witness.news(count).map(({ facts }) => facts.victims?.[0]?.pid);
  return { kills, log, witness, pids };
}

test('each event of a burst has its own kills, and none from before', () => {
  const { kills, pids } = witnessed();
  kills.push(kill(2), kill(3), kill(4));
  expect(pids(1)).toEqual([2]);
  expect(pids(2)).toEqual([3, 4]);
});

test('a kill that the kernel did not report is missing, and the next one is told', () => {
  const { kills, pids } = witnessed();
  expect(pids(1)).toEqual([]);
  kills.push(kill(2));
  expect(pids(2)).toEqual([2]);
});

test('closes the log', () => {
  const { log, witness } = witnessed();
  witness[Symbol.dispose]();
  expect(log.close).toHaveBeenCalledTimes(1);
});
