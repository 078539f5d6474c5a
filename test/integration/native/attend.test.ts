import { constants } from 'node:os';
import { type AttendedPipe, type AttendOptions, type CloneOptions, native } from 'memcage/native';
import { shell, startChild } from '../../support/native/native-child';
import { patience } from '../../support/patience';
import { BUSY } from '../../support/processes/busy';
import { openFdCount } from '../../support/processes/fds';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

const { SIGKILL, SIGTERM } = constants.signals;
const { ENOBUFS, EPIPE, ETIMEDOUT } = constants.errno;
const NS_PER_MS = 1e6;

type Pipe = Omit<AttendedPipe, 'fd'>;
const IN: Pipe = { writes: true, reads: false };
const OUT: Pipe = { writes: false, reads: true };

/** Waits with a child that has these pipes from fd 0 on. */
function attend(program: Partial<CloneOptions>, pipes: Pipe[], more: Partial<AttendOptions> = {}) {
  const pairs = pipes.map(() => native.socketPair());
  const stdio = [...pairs.map(([, its]) => its), ...Array<number>(Math.max(0, 3 - pipes.length)).fill(-1)];
  const { pidfd } = startChild({ ...program, stdio });
  for (const [, fd] of pairs) native.closeFd({ fd });
  const attended = native.attend({
    pidfd,
    pipes: pipes.map((pipe, index) => ({ ...pipe, fd: pairs[index]?.[0] ?? -1 })),
    killSignal: SIGTERM,
    ...more,
  });
  native.closeFd({ fd: pidfd });
  for (const [fd] of pairs) native.closeFd({ fd });
  return attended;
}

const inMs = (ms: number) => native.monotonicNs() + ms * NS_PER_MS;

describe('attend', () => {
  let fds: number;
  beforeAll(() => attend(shell('true'), []));
  beforeEach(() => {
    fds = openFdCount();
  });
  afterEach(() => expect(openFdCount()).toBe(fds));

  test('input, output and the end', () => {
    const input = Buffer.alloc(500_000, 'x');
    const { usage, timeNs, ...end } = attend(shell(`${BUSY}; cat; echo error >&2; exit 3`), [
      { ...IN, input },
      OUT,
      OUT,
    ]);
    expect(end).toEqual({
      exitCode: 3,
      signal: null,
      errno: 0,
      error: 0,
      output: [null, input, Buffer.from('error\n')],
    });
    expect(usage.userUs + usage.systemUs).toBeGreaterThan(0);
    expect(timeNs).toBeLessThanOrEqual(native.monotonicNs());
  });

  test('a signal', () => {
    expect(attend(shell('kill -9 $$'), [])).toMatchObject({ exitCode: null, signal: SIGKILL, error: 0, output: [] });
  });

  test('a pipe of both kinds', () => {
    const both = { writes: true, reads: true, input: Buffer.from('to and fro') };
    expect(attend(shell('cat <&0 >&0'), [both]).output).toEqual([Buffer.from('to and fro')]);
  });

  test('input that is not taken', () => {
    const { exitCode, error } = attend(shell('exit 0'), [{ ...IN, input: Buffer.alloc(4_000_000) }]);
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: -EPIPE });
  });

  test('the deadline, and pipes that are held by others then', () => {
    // The child ignores the signal until it notices that its output is closed.
    const script = 'trap "" TERM PIPE; sleep 1000 & echo $!; while echo; do sleep 0.01; done; kill -9 $!';
    const { error, output } = attend(shell(script), [IN, OUT, { ...OUT }], {
      deadlineNs: inMs(Math.min(2000, patience(500))),
    });
    expect(error).toBe(-ETIMEDOUT);
    expect(String(output[1])).toMatch(/^\d+\n/);
  });

  test('a deadline that never comes', () => {
    expect(attend(shell('true'), [], { deadlineNs: Number.POSITIVE_INFINITY })).toMatchObject({
      exitCode: 0,
      error: 0,
    });
  });

  test('too much output, and a signal that there is not', () => {
    const { signal, error, output } = attend(shell('echo 12345; exec sleep 1000'), [IN, OUT], {
      maxBytes: 3,
      killSignal: 1000,
    });
    expect({ signal, error, output }).toEqual({
      signal: SIGKILL,
      error: -ENOBUFS,
      output: [null, Buffer.from('12345\n')],
    });
  });

  testRows<[string, Record<string, unknown>]>(
    'refuses wrong options',
    [
      ['no pipes', { pipes: undefined }],
      ['a pipe without fd', { pipes: [{ writes: true, reads: true }] }],
      ['input that is text', { pipes: [{ ...IN, fd: 0, input: 'text' }] }],
      ['a negative deadline', { deadlineNs: -1 }],
      ['a limit that is none', { maxBytes: Number.NaN }],
      ['no signal', { killSignal: undefined }],
    ],
    ([, wrong]) => {
      const options = { pidfd: 0, pipes: [], killSignal: SIGTERM, ...wrong } as unknown as AttendOptions;
      expect(thrown(() => native.attend(options))).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    },
  );
});
