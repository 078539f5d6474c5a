import { isLogBehind, KernelLog } from '../../../../lib/cage/oom/kernel-log';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

/** How long it takes to read a record. */
const READ_MS = 0.1;
const KILL =
  'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=dd,pid=7,uid=0';

let nowMs = 0;
let records: string[];
let read: number;
const mockRead = (buffer: Buffer): number => {
  nowMs += READ_MS;
  const record = records[read];
  if (record === undefined) throw refusal('EAGAIN', 'read');
  read += 1;
  return buffer.write(`6,1,1,-;${record}\n`, 'latin1');
};
jest.mock('node:fs', () => ({
  ...jest.requireActual<object>('node:fs'),
  statSync: (path: string) => ({ ino: path.endsWith('/pid') ? 0xef_ff_ff_fc : 0xef_ff_ff_fb }),
  openSync: () => 7,
  readSync: (_fd: number, buffer: Buffer) => mockRead(buffer),
}));
jest.mock('../../../../lib/cgroup/hierarchy/host', () => ({
  host: () => ({ memory: { mountPoint: '/mounted', mountRoot: '/' } }),
}));

beforeEach(() => {
  read = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

/** Asks for the kills until the log has been read. Returns them with how long each attempt took. */
function ask(log: KernelLog): { kills: number; complete: number; tookMs: number[] } {
  const tookMs: number[] = [];
  for (;;) {
    const startMs = nowMs;
    try {
      const { kills, complete } = log.killsIn('/mounted/a');
      return { kills: kills.length, complete, tookMs: [...tookMs, nowMs - startMs] };
    } catch (error) {
      if (!isLogBehind(error)) throw error;
      tookMs.push(nowMs - startMs);
    }
  }
}

const log = (): KernelLog => KernelLog.open() as KernelLog;
const killed = 'Memory cgroup out of memory: Killed process 7 (dd) total-vm:33780kB, anon-rss:8832kB';

test('a long log holds up nobody for long, and tells all the same', () => {
  records = [...Array<string>(10_000).fill('something'), KILL, killed];
  const { kills, complete, tookMs } = ask(log());
  expect([kills, complete]).toEqual([1, 1]);
  expect(Math.max(...tookMs)).toBeLessThan(60);
  expect(tookMs.length).toBeGreaterThan(15);
});

test('what has no end is given up', () => {
  records = Array<string>(60_000).fill('something');
  const { tookMs } = ask(log());
  expect(read).toBe(50_000);
  expect(Math.max(...tookMs)).toBeLessThan(60);
});
