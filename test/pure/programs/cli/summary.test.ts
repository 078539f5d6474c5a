import { endingOf, renderSummary, summaryRows } from '../../../../lib/programs/cli/commands/run/summary';
import type { MemoryDetails, OomVerdict, Outcome } from '../../../../types/outcome';
import { testRows } from '../../../support/rows';

const MIB = 1 << 20;
const NONE = Number.POSITIVE_INFINITY;

const OOM: OomVerdict = {
  message: 'a was killed',
  cause: 'limit',
  kills: 1,
  limitBytes: 8 * MIB,
  path: '/c',
  victims: null,
};
const V2_DETAILS: MemoryDetails = {
  highBytes: 80 * MIB,
  limitHits: 1234,
  highHits: 1,
  swapPeakBytes: 5 * MIB,
  pressure: { someMs: 120.4, fullMs: 3 },
};
const V1_DETAILS: MemoryDetails = {
  highBytes: null,
  limitHits: null,
  highHits: null,
  swapPeakBytes: null,
  pressure: null,
};

const OUTCOME: Outcome = {
  exitCode: 0,
  signal: null,
  oom: null,
  enforcedBy: { kind: 'kernel', reason: null },
  nodeHeap: null,
  memory: { limitBytes: 100 * MIB, peakBytes: 50 * MIB, swapLimited: true, details: V2_DETAILS },
  limits: { pids: null, cpu: null, cpuTime: null },
  stalled: null,
  evidence: null,
  cpu: { userMs: 1000, systemMs: 20 },
  faults: { minor: 12_345, major: 6 },
  durationMs: 61_000,
  error: null,
};

const rows = (outcome: Partial<Outcome>, version: 1 | 2 | undefined = 2, mostProcesses = 3) =>
  Object.fromEntries(summaryRows({ ...OUTCOME, ...outcome }, { version, mostProcesses }));
const withMemory = (memory: Partial<Outcome['memory']>) => ({ memory: { ...OUTCOME.memory, ...memory } });

test('all that v2 counts', () => {
  expect(rows({})).toEqual({
    peak: '50 MiB (50.0 % of the limit)',
    limit: '100 MiB',
    'limit hits': '1,234',
    high: '80 MiB, exceeded once',
    'swap peak': '5 MiB',
    time: '1 min 1 s (user 1 s, system 20 ms)',
    'page faults': '12,345 minor, 6 major',
    stalled: '120 ms for want of memory, 3 ms of it altogether',
    'OOM kills': 'none',
    processes: 'at least 3 at once',
    'exit status': 'Exit code 0',
  });
});

test('what v1 does not count is left out, or said', () => {
  const shown = rows(withMemory({ details: V1_DETAILS }), 1);
  const perhaps = 'perhaps, as the peak was near the limit; this kernel does not count them';
  expect(shown).toMatchObject({ 'limit hits': perhaps, stalled: 'not measured on cgroup v1' });
  const killed = rows({ ...withMemory({ details: V1_DETAILS }), oom: OOM }, 1);
  expect(killed).toMatchObject({ 'limit hits': 'at least 1; this kernel does not count them' });
  const polled = { ...OUTCOME, ...withMemory({ details: V1_DETAILS }) };
  expect(Object.fromEntries(summaryRows(polled, { version: undefined, mostProcesses: 0 }))).toMatchObject({
    'limit hits': 'not counted without a cgroup',
  });
  expect(shown).not.toHaveProperty('high');
  expect(shown).not.toHaveProperty('swap peak');
});

test('a v2 kernel without the files for it', () => {
  const shown = rows(withMemory({ peakBytes: null, details: { ...V2_DETAILS, pressure: null, swapPeakBytes: null } }));
  expect(shown).toMatchObject({ peak: 'not recorded by this kernel', stalled: 'not measured by this kernel' });
  expect(shown).not.toHaveProperty('swap peak');
});

test('swap without a limit is told, also where its peak is not', () => {
  expect(rows(withMemory({ swapLimited: false }))).toMatchObject({ 'swap peak': '5 MiB, not limited' });
  expect(rows(withMemory({ swapLimited: false, details: V1_DETAILS }), 1)).toMatchObject({
    'swap peak': 'not recorded by this kernel, not limited',
  });
});

test('without a limit, a high, a sample', () => {
  const unlimited = withMemory({ limitBytes: NONE, details: { ...V2_DETAILS, highBytes: NONE } });
  const shown = rows(unlimited, 2, 0);
  expect(shown).toMatchObject({ limit: 'none', peak: '50 MiB' });
  for (const name of ['limit hits', 'high', 'processes']) expect(shown).not.toHaveProperty(name);
});

test('a kill is told in its own words', () => {
  expect(rows({ oom: OOM, exitCode: null, signal: 'SIGKILL' })).toMatchObject({
    'OOM kills': 'a was killed',
    'exit status': 'Ended by SIGKILL',
  });
});

testRows(
  'what ended it is told with the end',
  [
    [{}, 'Exit code 0.'],
    [{ exitCode: null, signal: 'SIGTERM' }, 'Ended by SIGTERM.'],
    [{ oom: OOM }, 'a was killed. Exit code 0.'],
    [
      { exitCode: null, signal: 'SIGABRT', nodeHeap: { limitBytes: MIB, exhausted: 'likely' } },
      'Aborted, most likely at the limit of its JavaScript heap. Ended by SIGABRT.',
    ],
    [{ exitCode: null, error: new Error('spawn x ENOENT') }, 'Could not be started: spawn x ENOENT.'],
  ] as const,
  ([outcome, expected]) => {
    expect(endingOf({ ...OUTCOME, ...outcome })).toBe(expected);
  },
);

test('as lines: the name of the command can not be obeyed by a terminal', () => {
  const plain = (text: string) => text;
  const colors = { bold: plain, dim: plain, inverse: plain, red: plain, yellow: plain, green: plain, cyan: plain };
  expect(
    renderSummary(
      'a\x1b[31m',
      [
        ['peak', '1 MiB'],
        ['exit status', 'x'],
      ],
      colors,
    ),
  ).toBe('memcage: a\\u001b[31m\n  peak         1 MiB\n  exit status  x\n');
});

test('processor time and its limit', () => {
  const spent = {
    limits: { ...OUTCOME.limits, cpuTime: { limitMs: 5000, usedMs: 5012, hit: true } },
    exitCode: null,
    signal: 'SIGKILL',
  } satisfies Partial<Outcome>;
  expect(rows(spent)).toMatchObject({ 'cpu time': '5.01 s, the limit is 5 s: killed' });
  expect(endingOf({ ...OUTCOME, ...spent })).toBe('Killed: its processor time was used up. Ended by SIGKILL.');
  const left = { limits: { ...OUTCOME.limits, cpuTime: { limitMs: 5000, usedMs: 12, hit: false } } };
  expect(rows(left)).toMatchObject({ 'cpu time': '12 ms, the limit is 5 s' });
  expect(endingOf({ ...OUTCOME, ...left })).toBe('Exit code 0.');
});

test('a cage that got nowhere', () => {
  const stalled = { limitMs: 1000, stalledMs: 1234, toldBy: 'pressure', killed: true } as const;
  const killed = { stalled, exitCode: null, signal: 'SIGKILL' } as const;
  expect(rows(killed)).toMatchObject({ 'got nowhere': 'for 1.23 s, the limit is 1 s: killed' });
  expect(endingOf({ ...OUTCOME, ...killed })).toBe('Killed: it got nowhere because of memory. Ended by SIGKILL.');
  const told = { stalled: { ...stalled, killed: false } };
  expect(rows(told)).toMatchObject({ 'got nowhere': 'for 1.23 s, the limit is 1 s' });
  expect(endingOf({ ...OUTCOME, ...told })).toBe('Exit code 0.');
  expect(rows({})).not.toHaveProperty('got nowhere');
});
