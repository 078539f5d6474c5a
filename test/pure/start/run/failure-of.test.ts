import { MemcageError, RunError } from '../../../../lib/common/errors/errors';
import { words } from '../../../../lib/common/errors/words';
import { failureOf } from '../../../../lib/start/run/failure-of';
import type { MemoryReport, Outcome, StallVerdict } from '../../../../types/outcome';
import { testRows } from '../../../support/rows';

const WELL: Outcome<MemoryReport | null> = {
  exitCode: 0,
  signal: null,
  oom: null,
  enforcedBy: null,
  nodeHeap: null,
  memory: null,
  limits: { pids: null, cpu: null, cpuTime: null },
  stalled: null,
  cpu: { userMs: 0, systemMs: 0 },
  faults: { minor: 0, major: 0 },
  durationMs: 0,
  error: null,
};
const MEMORY: MemoryReport = { limitBytes: 8 << 20, peakBytes: 8 << 20, swapLimited: true, details: null };
const KILLED = { exitCode: null, signal: 'SIGKILL' } as const;
const OOM = { message: '', cause: 'limit', kills: 1, limitBytes: 8 << 20, path: '/c', victims: null } as const;
const STALLED: StallVerdict = { limitMs: 1000, stalledMs: 1001, toldBy: 'pressure', killed: true };

const failure = (outcome: Partial<typeof WELL>): Error | null =>
  failureOf({ ...WELL, ...outcome }, { command: 'npx', pid: 7 });

test('a child that ended well did not fail', () => {
  expect(failure({})).toBeNull();
});

testRows<[Partial<typeof WELL>, name: string, code: string, limit: string | undefined, message: RegExp]>(
  'a child that failed',
  [
    [{ exitCode: 3 }, 'ExitError', 'EXIT', undefined, /^npx ended with exit code 3$/],
    [
      { ...KILLED, oom: OOM, memory: MEMORY },
      'MemoryLimitError',
      'MEMORY_LIMIT',
      'memory',
      /^npx: 1 process was killed for its memory limit of 8 MiB \(peak 8 MiB\)$/,
    ],
    [
      { ...KILLED, nodeHeap: { limitBytes: 1 << 20, exhausted: 'likely' }, memory: MEMORY },
      'MemoryLimitError',
      'MEMORY_LIMIT',
      'heap',
      /heap \(1 MiB\)$/,
    ],
    [{ ...KILLED, stalled: STALLED, memory: MEMORY }, 'LimitError', 'LIMIT', 'stall', /^npx was killed: for 1001 ms/],
    [{ exitCode: null, signal: 'SIGXFSZ' }, 'LimitError', 'LIMIT', 'rlimits.fsize', /RLIMIT_FSIZE/],
    [
      { ...KILLED, error: new MemcageError('ERR_MEMCAGE_TIMEOUT', 'late') },
      'TimeoutError',
      'TIMEOUT',
      undefined,
      /^late$/,
    ],
  ],
  ([outcome, name, code, limit, message]) => {
    const error = failure(outcome);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({ name, code: `ERR_MEMCAGE_${code}`, outcome });
    expect(error?.message).toMatch(message);
    expect(error !== null && 'limit' in error ? error.limit : undefined).toBe(limit);
  },
);

test('what ended it early is told with all that is known of it, and stays as it was', () => {
  const cause = new Error('why');
  const early = new MemcageError('ERR_MEMCAGE_LIMIT_TOO_SMALL', words`too ${'small'}`, {
    path: '/c',
    option: 'memory',
    cause,
  });
  const error = failure({ ...KILLED, error: early });
  expect(error).toBeInstanceOf(RunError);
  expect(error).toMatchObject({
    name: 'RunError',
    code: early.code,
    message: 'too small',
    ...{ path: '/c', option: 'memory', cause, words: early.words, outcome: { error: early } },
  });
  expect(early).not.toHaveProperty('outcome');
});

test("an error of Node's or the system's is that error", () => {
  const early = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
  expect(failure({ ...KILLED, error: early })).toBe(early);
  expect(early).toMatchObject({ outcome: { signal: 'SIGKILL' } });
});
