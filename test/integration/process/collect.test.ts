import type { ChildProcess } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { collectOutput, type OutputEncoding, writeInput } from '../../../lib/process/collect-output';
import { swappedSpawn } from '../../support/children/stock-spawn';
import { testRows } from '../../support/rows';

type Streams = Pick<ChildProcess, 'stdout' | 'stderr'>;

async function collect<E extends OutputEncoding>(chunks: (string | Buffer)[], encoding: E, maxBuffer = 1024) {
  const overflows: string[] = [];
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const onOverflow = (name: string): void => void overflows.push(name);
  const output = collectOutput({ stdout, stderr }, { encoding, maxBuffer, onOverflow, onError: () => {} });
  stderr.end('problem');
  for (const chunk of chunks) {
    stdout.write(chunk);
    await new Promise(setImmediate);
  }
  stdout.end();
  await new Promise((resolve) => stdout.once('close', resolve));
  return { ...output(), overflows };
}

test('text', async () => {
  expect(await collect(['a', 'b'], 'utf8')).toEqual({ stdout: 'ab', stderr: 'problem', overflows: [] });
});

test('bytes', async () => {
  const { stdout } = await collect([Buffer.from([0xff]), Buffer.from([0])], 'buffer');
  expect(stdout).toEqual(Buffer.from([0xff, 0]));
});

test('other encodings', async () => {
  expect((await collect([Buffer.from([1, 2]), Buffer.from([3])], 'base64')).stdout).toBe('AQID');
  expect((await collect([Buffer.from('a\0b'), Buffer.from('\0')], 'utf16le')).stdout).toBe('ab');
});

test('a character split across chunks at every place', async () => {
  const bytes = Buffer.from('a€𐍈ü');
  for (let at = 0; at <= bytes.length; at += 1) {
    const { stdout } = await collect([bytes.subarray(0, at), bytes.subarray(at)], 'utf8');
    expect(stdout).toBe('a€𐍈ü');
  }
});

test('exactly maxBuffer is no overflow, one byte more is, and keeps the first ones', async () => {
  expect(await collect(['12', '34'], 'utf8', 4)).toMatchObject({ stdout: '1234', overflows: ['stderr'] });
  expect(await collect(['12', '345', '6'], 'utf8', 7)).toMatchObject({ stdout: '123456', overflows: [] });
  expect(await collect(['12', '345678', '9', '0'], 'utf8', 7)).toMatchObject({
    stdout: '1234567',
    overflows: ['stdout'],
  });
  expect(await collect(['x'], 'buffer', 0)).toMatchObject({ stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
  expect((await collect(['x'.repeat(1e6)], 'utf8', Number.POSITIVE_INFINITY)).stdout.length).toBe(1e6);
});

test('only the first overflow is told', async () => {
  expect((await collect(['1234567890', '1'], 'utf8', 3)).overflows).toHaveLength(1);
});

test('a character cut by the limit is left out; bytes that were never one are shown', async () => {
  expect((await collect(['1234€€', '1'], 'utf8', 8)).stdout).toBe('1234€');
  expect((await collect(['ab', Buffer.from([0xe2, 0x82])], 'utf8')).stdout).toBe('ab\ufffd');
});

test('a stream that can no longer be read is told of, and what was read stays', async () => {
  const errors: Error[] = [];
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const onError = (error: Error): void => void errors.push(error);
  const output = collectOutput({ stdout, stderr }, { encoding: 'utf8', maxBuffer: 9, onOverflow: () => {}, onError });
  stdout.write('first');
  await new Promise(setImmediate);
  const error = new Error('read EINVAL');
  stdout.destroy(error);
  await new Promise((resolve) => stdout.once('close', resolve));
  expect([output().stdout, errors]).toEqual(['first', [error]]);
});

test('streams that are not there are empty', () => {
  const options = { maxBuffer: 1, onOverflow: () => {}, onError: () => {} };
  expect(collectOutput({ stdout: null, stderr: null }, { encoding: 'utf8', ...options })()).toEqual({
    stdout: '',
    stderr: '',
  });
  // This is how Node leaves them after EMFILE.
  expect(collectOutput({} as Streams, { encoding: 'buffer', ...options })().stdout).toEqual(Buffer.alloc(0));
});

test('a child that ignores its end is not blocked by a full pipe', async () => {
  const child = swappedSpawn('head', ['-c', '1000000', '/dev/zero']);
  const output = collectOutput(child, { encoding: 'buffer', maxBuffer: 10, onOverflow: () => {}, onError: () => {} });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(output().stdout).toEqual(Buffer.alloc(10));
});

describe('input', () => {
  const follow = async (script: string, input: string | Uint8Array) => {
    const child = swappedSpawn('sh', ['-c', script]);
    const errors: Error[] = [];
    const output = collectOutput(child, { encoding: 'utf8', maxBuffer: 1e9, onOverflow: () => {}, onError: () => {} });
    writeInput(child, input, (error) => errors.push(error));
    await new Promise((resolve) => child.once('close', resolve));
    return { stdout: output().stdout, errors };
  };

  testRows('of each type', ['text ü', Buffer.from('text ü'), new Uint8Array([0x61]), ''], async (input) => {
    expect(await follow('cat', input)).toEqual({ stdout: Buffer.from(input as string).toString(), errors: [] });
  });

  test('of 4 MiB', async () => {
    expect((await follow('wc -c', 'x'.repeat(4 * 1024 * 1024))).stdout.trim()).toBe('4194304');
  });

  test('that nobody reads is no error', async () => {
    const input = 'x'.repeat(4 * 1024 * 1024);
    expect(await follow('exit 0', input)).toEqual({ stdout: '', errors: [] });
    expect(await follow('exec <&-; sleep 0.1', input)).toEqual({ stdout: '', errors: [] });
    expect(await follow('head -c 3; exec <&-; sleep 0.1', input)).toEqual({ stdout: 'xxx', errors: [] });
  });

  test('other errors are told', async () => {
    const stdin = new PassThrough();
    const told = new Promise((resolve) => writeInput({ stdin }, 'x', resolve));
    const error = Object.assign(new Error('broken'), { code: 'EIO' });
    stdin.destroy(error);
    expect(await told).toBe(error);
  });

  test('without a stdin there is nothing to do', () => {
    writeInput({ stdin: null }, 'x', () => {});
  });
});
