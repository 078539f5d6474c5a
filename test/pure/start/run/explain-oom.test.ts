import { explainOom } from '../../../../lib/start/run/explain-oom';
import type { OomVerdict } from '../../../../types/outcome';
import { testRows } from '../../../support/rows';

const OOM: OomVerdict = { cause: 'limit', kills: 1, limitBytes: 8 * 2 ** 20, path: '/c', victims: null };
const UNKNOWN = { limitBytes: null, path: null };

testRows<[Partial<OomVerdict>, string]>(
  'whose limit it was',
  [
    [{}, 'its memory limit of 8 MiB'],
    [{ limitBytes: null }, 'its memory limit'],
    [{ cause: 'cage' }, 'the memory limit of 8 MiB of a cage around its own (/c)'],
    [{ cause: 'ancestor' }, 'the memory limit of 8 MiB of a cgroup above its cage (/c)'],
    [{ cause: 'ancestor', ...UNKNOWN }, 'the memory limit of a cgroup above its cage'],
    [
      { cause: 'descendant', path: '/c/\x1b[31m' },
      'the memory limit of 8 MiB of a cgroup inside its cage (/c/\\u001b[31m)',
    ],
    [{ cause: 'system', ...UNKNOWN }, 'want of memory on the whole machine'],
    [{ cause: 'unknown', ...UNKNOWN }, 'a memory limit that the kernel does not tell'],
  ],
  ([oom, expected]) => expect(explainOom({ ...OOM, ...oom }, { command: 'npx' }).reason).toBe(expected),
);

const victim = (pid: number, name = 'node') => ({ pid, name });

testRows<[Partial<OomVerdict>, string]>(
  'who was killed',
  [
    [{}, 'npx: 1 process was'],
    [{ kills: 3 }, 'npx: 3 processes were'],
    [{ victims: [victim(7, 'npx')] }, 'npx (pid 7) was'],
    // Newer versions of Node rename their main thread.
    [{ victims: [victim(7, 'MainThread')] }, 'npx (pid 7) was'],
    [{ kills: 2, victims: [victim(7, 'MainThread'), victim(8)] }, 'npx: 2 processes (npx (pid 7), node (pid 8)) were'],
    [{ victims: [victim(4242)] }, 'node (pid 4242), started by npx, was'],
    [{ kills: 2, victims: [victim(8), victim(9)] }, 'npx: 2 processes (node (pid 8), node (pid 9)) were'],
    [
      { kills: 4, victims: [1, 2, 3, 4].map((pid) => victim(pid, 'a')) },
      'npx: 4 processes (a (pid 1), a (pid 2), a (pid 3) ...) were',
    ],
    // The names of some of them are unknown.
    [{ kills: 2, victims: [victim(8)] }, 'npx: 2 processes were'],
  ],
  ([oom, expected]) => {
    const { sentence } = explainOom({ ...OOM, ...oom }, { command: 'npx', pid: 7, peakBytes: 2 ** 23 });
    expect(sentence).toBe(`${expected} killed for its memory limit of 8 MiB (peak 8 MiB)`);
  },
);

testRows<[OomVerdict['victims'], string | null]>(
  'the names of those that were killed, three at most, and none that commands a terminal',
  [
    [null, null],
    [[victim(7), victim(8, '\x1b[2J')], 'node (pid 7), \\u001b[2J (pid 8)'],
    [[1, 2, 3, 4].map((pid) => victim(pid, 'a')), 'a (pid 1), a (pid 2), a (pid 3) ...'],
  ],
  ([victims, expected]) => expect(explainOom({ ...OOM, victims }, { command: 'npx' }).victims).toBe(expected),
);

test('the child that was started has the name of its command, whatever the kernel calls it', () => {
  const victims = [victim(7, 'node-MainThread'), victim(8, 'node-MainThread')];
  expect(explainOom({ ...OOM, victims }, { command: '/bin/node', pid: 7 }).victims).toBe(
    '/bin/node (pid 7), node-MainThread (pid 8)',
  );
});

test('a command that commands a terminal is made harmless, and a peak that is not known is not told', () => {
  const { sentence } = explainOom(OOM, { command: '\x9bx', peakBytes: null });
  expect(sentence).toBe('\\u009bx: 1 process was killed for its memory limit of 8 MiB');
});
