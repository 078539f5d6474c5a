import { MemcageError, RunError } from '../../../../lib/common/errors/errors';
import { words } from '../../../../lib/common/errors/words';
import { failureOf, failureOfRun, noteRun } from '../../../../lib/start/run/failure-of';
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
  evidence: null,
  cpu: { userMs: 0, systemMs: 0 },
  faults: { minor: 0, major: 0 },
  durationMs: 0,
  error: null,
};
const MEMORY: MemoryReport = { limitBytes: 8 << 20, peakBytes: 8 << 20, swapLimited: true, details: null };
const KILLED = { exitCode: null, signal: 'SIGKILL' } as const;
const OOM = { message: '', cause: 'limit', kills: 1, limitBytes: 8 << 20, path: '/c', victims: null } as const;
const OOM_MESSAGE = 'npx: 1 process was killed for its memory limit of 8 MiB';
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
      { exitCode: 9, oom: { ...OOM, cause: 'refused', kills: 0, path: null }, memory: MEMORY },
      'MemoryLimitError',
      'MEMORY_LIMIT',
      'memory',
      /^npx ended with exit code 9, perhaps refused memory at a memory limit of 8 MiB that memcage polls\. Cure: a higher memory$/,
    ],
    [
      { ...KILLED, nodeHeap: { limitBytes: 1 << 20, exhausted: 'likely' }, memory: MEMORY },
      'MemoryLimitError',
      'MEMORY_LIMIT',
      'heap',
      /heap: 1 MiB, within the memory limit of 8 MiB\. Cure: a higher memory, or nodeHeap: '5M'$/,
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

testRows<[written: object, message: string]>(
  'the last line that it wrote says why, unless a limit does',
  [
    [{ stderr: 'reading\nls: no such file\n\n' }, 'npx ended with exit code 2: ls: no such file'],
    [{ stderr: Buffer.from('ls: \x07\n') }, 'npx ended with exit code 2: ls: \\u0007'],
    [{ stderr: '', stdout: 'output' }, 'npx ended with exit code 2'],
    [{ stderr: 'why', exitCode: null, signal: 'SIGTERM' }, 'npx was ended by SIGTERM: why'],
    [{ stderr: 'why', ...KILLED, oom: OOM, memory: { ...MEMORY, peakBytes: null } }, OOM_MESSAGE],
    [{ stderr: 'why', exitCode: null, signal: 'SIGXFSZ' }, 'npx was ended by SIGXFSZ, at its limit RLIMIT_FSIZE'],
  ],
  ([written, message]) => expect(failure({ exitCode: 2, ...written })?.message).toContain(message),
);

test('no line is looked for where the output is no text', () => {
  const outcome = { ...WELL, exitCode: 1, stdout: '', stderr: 'd3d3' };
  expect(failureOfRun({ file: 'sh', pid: 7, encoding: 'hex' }, outcome)?.message).toBe('sh ended with exit code 1');
});

test('who does not say what was started gets an error all the same', () => {
  expect(failureOf({ ...WELL, exitCode: 3 })?.message).toBe('the program ended with exit code 3');
  expect(failureOf({ ...WELL, ...KILLED, oom: OOM, memory: MEMORY })?.message).toBe(
    '1 process was killed for its memory limit of 8 MiB (peak 8 MiB)',
  );
});

const HEAP = { ...MEMORY, limitBytes: 100 << 20 };
testRows<[limitBytes: number, memory: MemoryReport, message: string]>(
  'who wrote one limit is told where that of the heap came from, and what helps',
  [
    [50 << 20, HEAP, "heap: 50 MiB, half of the memory limit of 100 MiB. Cure: a higher memory, or nodeHeap: '70M'"],
    [69 << 20, HEAP, 'heap: 69 MiB, within the memory limit of 100 MiB. Cure: a higher memory'],
    [8 << 20, { ...MEMORY, limitBytes: Number.POSITIVE_INFINITY }, 'heap: 8 MiB. Cure: a higher nodeHeap'],
  ],
  ([limitBytes, memory, message]) => {
    const nodeHeap = { limitBytes, exhausted: 'likely' } as const;
    const said = failure({ exitCode: null, signal: 'SIGABRT', nodeHeap, memory })?.message;
    expect(said).toBe(`npx was ended by SIGABRT, most likely at the limit of its JavaScript ${message}`);
  },
);

test('a limit that is too small for a program of Node is told to be', () => {
  const nodeHeap = { limitBytes: 4 << 20, exhausted: 'no' } as const;
  expect(failure({ ...KILLED, oom: OOM, nodeHeap, memory: MEMORY })).toMatchObject({
    cure: 'a higher memory: for a program of Node 64 MiB is recommended',
  });
});

test('an outcome that is known to be of a run has its name', () => {
  const outcome = { ...WELL, exitCode: 3 };
  noteRun(outcome, { file: 'make', pid: 7 });
  expect(failureOf(outcome)?.message).toBe('make ended with exit code 3');
  expect(failureOf(outcome, { command: 'npx' })?.message).toBe('npx ended with exit code 3');
});

testRows<[args: unknown[], option: string, message: string]>(
  'what is no outcome is refused',
  [
    [[], 'outcome', 'Expected what child.outcome resolves with for outcome but received undefined'],
    [[{ exitCode: 0 }], 'outcome', 'for outcome but received { exitCode: 0 }'],
    [
      [Promise.resolve(WELL)],
      'outcome',
      'needs an outcome, not a promise of one. Cure: failureOf(await child.outcome)',
    ],
    [
      [{ exitCode: null, outcome: Promise.resolve(WELL) }],
      'outcome',
      'needs an outcome, not the child. Cure: failureOf(await child.outcome)',
    ],
    [[WELL, 'npx'], 'child', "Expected an object such as { command: 'npx' } for child but received 'npx'"],
  ],
  ([args, option, message]) => {
    const call = (): unknown => Reflect.apply(failureOf, undefined, args);
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_MEMCAGE_INVALID_ARGUMENT', option }));
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
