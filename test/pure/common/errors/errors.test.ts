import { inspect } from 'node:util';
import {
  invalidArgument,
  invalidSize,
  limitTooSmall,
  outOfRange,
  undefinedOption,
  unknownOption,
} from '../../../../lib/common/errors/argument-errors';
import {
  AbortError,
  ErrorCode,
  ExitError,
  LimitError,
  MemcageError,
  MemoryLimitError,
  RunError,
  TimeoutError,
} from '../../../../lib/common/errors/errors';
import { mention, mentionSet, textOf, words } from '../../../../lib/common/errors/words';
import { inspectable } from '../../../../lib/common/text/inspected';
import type { Outcome, RunOutput } from '../../../../types/outcome';
import { testRows } from '../../../support/rows';

const outcome: Outcome & RunOutput = {
  stdout: '',
  stderr: 'not enough',
  exitCode: null,
  signal: 'SIGKILL',
  oom: { message: 'killed', cause: 'limit', kills: 1, limitBytes: 2 ** 20, path: '/c', victims: null },
  enforcedBy: { kind: 'kernel', reason: null },
  nodeHeap: null,
  memory: { limitBytes: 104857600, peakBytes: 104857600, swapLimited: true, details: null },
  limits: { pids: null, cpu: null, cpuTime: null },
  stalled: null,
  evidence: null,
  cpu: { userMs: 1, systemMs: 2 },
  faults: { minor: 3, major: 4 },
  durationMs: 30,
  error: null,
};

describe('ErrorCode', () => {
  const codes = Object.entries(ErrorCode);

  testRows('each name is the end of its code', codes, ([name, code]) => {
    expect(code).toBe(`ERR_MEMCAGE_${name}`);
  });
});

describe('an error of a limit', () => {
  const sized: typeof outcome = inspectable({ ...outcome });
  const error = new MemoryLimitError('killed', sized, 'memory');

  it('shows its outcome with units', () => {
    const printed = inspect(error);
    expect(printed).toMatch(/^MemoryLimitError: killed\n {4}at /);
    expect(printed).toContain('peakBytes: 104857600 (100 MiB)');
    expect(printed).toMatch(/limit: 'memory'/);
    expect(inspect(new Error('why', { cause: error }))).toContain('(100 MiB)');
  });

  it('uncaught it shows no bare bytes, as Node shows it then', () => {
    const printed = inspect(error, { customInspect: false });
    expect(printed).toMatch(/^MemoryLimitError: killed\n/);
    expect(printed).not.toContain('104857600');
  });

  it('has its outcome like any other property', () => {
    expect(error.outcome).toBe(sized);
    expect({ ...error }).toEqual({ code: 'ERR_MEMCAGE_MEMORY_LIMIT', outcome, limit: 'memory' });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ outcome: { exitCode: null }, limit: 'memory' });
  });
});

describe('MemcageError', () => {
  it('carries what is known and nothing else', () => {
    const cause = new Error('EACCES');
    const error = new MemcageError('ERR_MEMCAGE_NO_PERMISSION', 'no', {
      errno: -13,
      syscall: 'openat2',
      stage: undefined,
      path: '/sys',
      cause,
    });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'MemcageError', errno: -13, syscall: 'openat2', path: '/sys', cause });
    expect(Object.keys(error).sort()).toEqual(['code', 'errno', 'path', 'syscall']);
  });

  it('has no cause when none is given', () => {
    expect('cause' in new MemcageError('ERR_MEMCAGE_CLOSED', 'closed')).toBe(false);
  });

  it('prints its name and not as a property', () => {
    const printed = inspect(new ExitError('exit 1', outcome));

    expect(printed).toMatch(/^ExitError: exit 1\n/);
    expect(printed).not.toContain('name:');
  });
});

testRows(
  'an error of a child carries its outcome',
  [
    [new MemoryLimitError('message', outcome, 'memory'), 'MemoryLimitError', 'ERR_MEMCAGE_MEMORY_LIMIT'],
    [new RunError('ERR_MEMCAGE_MAX_BUFFER', 'message', outcome), 'RunError', 'ERR_MEMCAGE_MAX_BUFFER'],
    [new LimitError('message', outcome, 'cpuTime'), 'LimitError', 'ERR_MEMCAGE_LIMIT'],
    [new ExitError('message', outcome), 'ExitError', 'ERR_MEMCAGE_EXIT'],
    [new TimeoutError('message', outcome), 'TimeoutError', 'ERR_MEMCAGE_TIMEOUT'],
  ] as const,
  ([error, name, code]) => {
    expect(error).toBeInstanceOf(MemcageError);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({ name, code, message: 'message', outcome });
  },
);

test('the limit of memory is one of the limits', () => {
  const error = new MemoryLimitError('message', outcome, 'heap');
  expect(error).toBeInstanceOf(LimitError);
  expect(error.limit).toBe('heap');
});

describe('AbortError', () => {
  it('looks as that of Node', () => {
    const reason = new Error('why');
    const error = new AbortError(reason, outcome);

    expect(error).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      message: 'The operation was aborted',
      cause: reason,
      outcome,
    });
  });

  it('has no outcome when nothing was started', () => {
    expect(Object.keys(new AbortError(undefined))).toEqual(['code']);
    expect('cause' in new AbortError(undefined)).toBe(false);
  });
});

describe('the words of a message', () => {
  const message = words`give it ${mention('namespaces.user', '{ user: true }')}, not ${mentionSet('nice', '5')}`;

  it('are its text in the end, and say which of them name options', () => {
    const error = new MemcageError('ERR_MEMCAGE_SETTING', message);
    expect(error.message).toBe('give it { user: true }, not nice: 5');
    expect((error.words as unknown[]).filter((part) => typeof part !== 'string')).toEqual([
      { name: 'namespaces.user', text: '{ user: true }' },
      { name: 'nice', value: '5', text: 'nice: 5' },
    ]);
    expect(textOf(words`or else ${message}`)).toBe('or else give it { user: true }, not nice: 5');
  });

  it('show nowhere', () => {
    for (const error of [new MemcageError('ERR_MEMCAGE_SETTING', message), invalidArgument('nice', message, 1)]) {
      expect(error).toHaveProperty('words');
      expect(Object.keys(error)).not.toContain('words');
      expect(inspect(error)).not.toContain('words');
    }
  });

  it('are left out where there is only a text', () => {
    expect('words' in new MemcageError('ERR_MEMCAGE_CLOSED', 'closed')).toBe(false);
  });
});

describe('bad arguments', () => {
  testRows(
    'describe the value',
    [
      [5, '5 of type number'],
      [Number.NaN, 'NaN of type number'],
      ['', "'' of type string"],
      [null, 'null'],
      [undefined, 'undefined'],
      [true, 'true of type boolean'],
      [[1], '[ 1 ] of type array'],
      [{ a: { b: 1 } }, '{ a: [Object] } of type object'],
      [2n, '2n of type bigint'],
      [Symbol('s'), 'Symbol(s) of type symbol'],
      [Buffer.alloc(5), 'a Buffer of 5 bytes'],
    ],
    ([value, described]) => {
      expect(invalidArgument('cwd', 'a path', value).message).toBe(`Expected a path for cwd but received ${described}`);
    },
  );

  it('cut long strings', () => {
    expect(invalidArgument('cwd', 'a path', 'x'.repeat(10_000)).message.length).toBeLessThan(250);
  });

  it('are the types of the language, with a code', () => {
    expect(invalidArgument('a', 'b', 1)).toBeInstanceOf(TypeError);
    expect(invalidArgument('a', 'b', 1).code).toBe('ERR_MEMCAGE_INVALID_ARGUMENT');
    expect(invalidSize('a', 'b', 1)).toBeInstanceOf(TypeError);
    expect(invalidSize('a', 'b', 1).code).toBe('ERR_MEMCAGE_INVALID_SIZE');
    expect(limitTooSmall('a', 4096, 1)).toBeInstanceOf(RangeError);
    expect(limitTooSmall('a', 4096, 1).code).toBe('ERR_MEMCAGE_LIMIT_TOO_SMALL');
  });

  it('name the option', () => {
    expect(invalidArgument('memory.max', 'b', 1).option).toBe('memory.max');
    expect(invalidSize('memory.max', 'b', 1).option).toBe('memory.max');
    expect(limitTooSmall('memory.max', 4096, 1).option).toBe('memory.max');
    expect(outOfRange('timeout', 1, 2).option).toBe('timeout');
    expect(undefinedOption('uid', 'namespaces.user').option).toBe('namespaces.user.uid');
    expect(unknownOption({ name: 'memmory', value: 1, of: 'run', known: ['memory'] }, 'memory').option).toBe('memmory');
  });

  it('have a stack that starts at the caller', () => {
    function caller() {
      return invalidArgument('a', 'b', 1);
    }

    expect(caller().stack?.split('\n')[1]).toContain('caller');
  });
});
