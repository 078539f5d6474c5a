import { explainKills, explainWait, inWords, type OomFacts } from '../../../../lib/common/text/oom-words';
import { testRows } from '../../../support/rows';

const OOM: OomFacts = { cause: 'limit', kills: 1, limitBytes: 8 * 2 ** 20, path: '/c', victims: null };
const UNKNOWN = { limitBytes: null, path: null };

testRows<[Partial<OomFacts>, string]>(
  'whose limit it was',
  [
    [{}, 'its memory limit of 8 MiB'],
    [{ kills: 2 }, 'their memory limit of 8 MiB'],
    [{ limitBytes: null }, 'its memory limit'],
    [{ cause: 'cage' }, 'the memory limit of 8 MiB of a cage around its own (/c)'],
    [{ cause: 'ancestor' }, 'the memory limit of 8 MiB of a cgroup above its cage (/c)'],
    [{ cause: 'ancestor', kills: 2, ...UNKNOWN }, 'the memory limit of a cgroup above their cage'],
    [
      { cause: 'descendant', path: '/c/\x1b[31m' },
      'the memory limit of 8 MiB of a cgroup inside its cage (/c/\\u001b[31m)',
    ],
    [{ cause: 'system', ...UNKNOWN }, 'want of memory on the whole machine'],
    [{ cause: 'polled', path: null }, 'a memory limit of 8 MiB that memcage polls'],
    [{ cause: 'unknown', ...UNKNOWN }, 'a memory limit that the kernel does not tell'],
  ],
  ([oom, expected]) => expect(explainKills({ ...OOM, ...oom }).split(' killed for ')[1]).toBe(expected),
);

test('where nothing was killed, but memory perhaps refused', () => {
  expect(explainKills({ ...OOM, cause: 'refused', kills: 0, path: null })).toBe(
    'perhaps refused memory at a memory limit of 8 MiB that memcage polls',
  );
});

const victim = (pid: number, name = 'node') => ({ pid, name });
const many = [1, 2, 3, 4].map((pid) => victim(pid, 'a'));

testRows<[Partial<OomFacts>, alone: string, child: string]>(
  'who was killed, alone and with the child that was started',
  [
    [{}, '1 process was', 'npx: 1 process was'],
    [{ kills: 3 }, '3 processes were', 'npx: 3 processes were'],
    [{ victims: [victim(7, 'npx')] }, 'npx (pid 7) was', 'npx (pid 7) was'],
    // Newer versions of Node rename their main thread.
    [{ victims: [victim(7, 'MainThread')] }, 'MainThread (pid 7) was', 'npx (pid 7) was'],
    [
      { kills: 2, victims: [victim(7, 'MainThread'), victim(8)] },
      '2 processes (MainThread (pid 7), node (pid 8)) were',
      'npx: 2 processes (npx (pid 7), node (pid 8)) were',
    ],
    [{ victims: [victim(4242)] }, 'node (pid 4242) was', 'node (pid 4242), started by npx, was'],
    // The command itself, below an init.
    [{ victims: [victim(8, 'npx')] }, 'npx (pid 8) was', 'npx (pid 8) was'],
    [
      { kills: 4, victims: many },
      '4 processes (a (pid 1), a (pid 2), a (pid 3) ...) were',
      'npx: 4 processes (a (pid 1), a (pid 2), a (pid 3) ...) were',
    ],
    // The names of some of them are unknown.
    [{ kills: 2, victims: [victim(8)] }, '2 processes were', 'npx: 2 processes were'],
  ],
  ([oom, alone, child]) => {
    const facts = { ...OOM, ...oom };
    const reason = `killed for ${facts.kills === 1 ? 'its' : 'their'} memory limit of 8 MiB`;
    expect(explainKills(facts)).toBe(`${alone} ${reason}`);
    expect(explainKills(facts, { command: 'npx', pid: 7 })).toBe(`${child} ${reason}`);
  },
);

test('names that command a terminal are made harmless', () => {
  const oom = { ...OOM, victims: [victim(8, '\x1b[2J')] };
  expect(explainKills(oom, { command: '\x9bx', pid: undefined })).toBe(
    '\\u001b[2J (pid 8), started by \\u009bx, was killed for its memory limit of 8 MiB',
  );
});

test('nobody claims a kill that is not known', () => {
  const oom: OomFacts = { ...OOM, cause: 'unknown', kills: 0, ...UNKNOWN };
  expect(explainKills(oom)).toBe('the kernel does not tell whether it killed anything for memory');
});

test('those that wait are told with the limit at which they do', () => {
  expect(explainWait({ cause: 'limit', limitBytes: 2 ** 20, path: '/c' })).toBe(
    'processes wait for memory at their memory limit of 1 MiB',
  );
});

test('a verdict begins with its message', () => {
  expect(Object.entries(inWords(OOM))[0]).toEqual(['message', '1 process was killed for its memory limit of 8 MiB']);
});
