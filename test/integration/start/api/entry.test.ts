import childProcess from 'node:child_process';
import { promisify } from 'node:util';
import * as memcage from 'memcage';
import { createCage, exec, execFile, MemcageError, run, type Size } from 'memcage';
import * as cgroup from 'memcage/cgroup';
import * as machine from 'memcage/machine';
import * as native from 'memcage/native';
import * as oci from 'memcage/oci';
import { follow } from '../../../support/children/child-record';
import { fixtureResult } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { holding } from '../../../support/processes/holding';
import { describeIf } from '../../../support/require';
import { thrown } from '../../../support/thrown';

// Not imported: that would be another copy.
const replacement = require('memcage/child_process') as typeof childProcess;

const OURS = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'];

describe('memcage/child_process', () => {
  test('has what Node’s has, seven of them memcage’s, and can be patched as Node’s can', () => {
    expect(Object.keys(replacement).sort()).toEqual(Object.keys(childProcess).sort());
    const own = Object.entries(replacement).filter(([name, value]) => Reflect.get(childProcess, name) !== value);
    expect(own.map(([name]) => name).sort()).toEqual(OURS);
    const patched = jest.spyOn(replacement, 'spawn').mockReturnValue(5 as never);
    expect(replacement.spawn('true')).toBe(5);
    patched.mockRestore();
  });

  test('each function has the name and the number of parameters of Node’s', () => {
    const custom = (call: unknown): unknown => Reflect.get(call as object, promisify.custom);
    const looks = (call: unknown): unknown => typeof call === 'function' && [call.name, call.length];
    const all = (entry: object): unknown =>
      Object.fromEntries(Object.entries(entry).map(([name, call]) => [name, [looks(call), looks(custom(call))]]));
    expect(all(replacement)).toEqual(all(childProcess));
  });

  test('nothing that is exported has a name that the bundler has made', () => {
    for (const entry of [memcage, cgroup, machine, oci, native]) {
      const made = Object.entries(entry).filter(([name, value]) => typeof value === 'function' && value.name !== name);
      expect(made).toEqual([]);
    }
  });

  test('required and imported it shares the state of memcage', async () => {
    expect(await fixtureResult('start/api/entry.mjs')).toEqual({
      named: true,
      // An import finds the names of a CommonJS file by its text.
      differing: [],
      sameNames: true,
      sameAsRequired: true,
      sameState: true,
      passedThrough: true,
    });
  });
});

describeIf('cgroup', 'util.promisify', () => {
  expectNothingLeft(async () => {
    await run('true', [], { memory: '10M' });
    await follow(childProcess.spawn('true'));
  });

  test('is Node’s: stdout and stderr, the child, and errors with both', async () => {
    const options = { memory: '50M' } as const;
    const promise = promisify(execFile)('sh', ['-c', 'echo out; echo err >&2'], options);
    expect(promise.child).toBeInstanceOf(childProcess.ChildProcess);
    expect(await promise).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(await promise.child.outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: 50 << 20 } });
    expect(await promisify(exec)('echo out', { ...options, encoding: 'buffer' })).toEqual({
      stdout: Buffer.from('out\n'),
      stderr: Buffer.alloc(0),
    });
    for (const each of [exec, childProcess.exec]) {
      const run = promisify(each as typeof exec);
      await expect(run('echo out; echo err >&2; exit 3', { memory: '50M' })).rejects.toMatchObject({
        code: 3,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    }
    const missing = promisify(execFile)('no-such-command', options);
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT', stdout: '', stderr: '' });
    expect(await missing.child.outcome).toMatchObject({ error: { code: 'ENOENT' } });
  });

  test('a rejection has the outcome of a child that has ended', async () => {
    const options = { memory: '20M' } as const;
    const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => undefined,
        ({ outcome }: { outcome?: unknown }) => outcome,
      );
    for (const failing of [promisify(exec)('exit 3', options), promisify(execFile)('sh', ['-c', 'exit 3'], options)]) {
      expect(await outcomeOf(failing)).toBe(await failing.child.outcome);
      expect(await failing.child.outcome).toMatchObject({ exitCode: 3, memory: { limitBytes: 20 << 20 } });
    }
    expect(await outcomeOf(promisify(execFile)(...holding(40), options))).toMatchObject({ oom: { cause: 'limit' } });
    expect(await outcomeOf(promisify(exec)('exit 4'))).toMatchObject({ exitCode: 4, memory: null });
    expect(await outcomeOf(promisify(execFile)('no-such-command', options))).toMatchObject({
      error: { code: 'ENOENT' },
    });
    const abort = new AbortController();
    const stubborn = promisify(exec)('trap "" TERM; echo on; exec sleep 1000.5', { ...options, signal: abort.signal });
    stubborn.child.stdout?.once('data', () => abort.abort());
    await expect(stubborn).rejects.not.toHaveProperty('outcome');
    stubborn.child.kill('SIGKILL');
    await stubborn.child.outcome;
  });

  test('a refused cage is thrown by the call, and a wrong option', async () => {
    const cage = createCage({ memory: '50M' });
    await cage.close();
    expect(thrown(() => promisify(exec)('true', { cage }))).toBeInstanceOf(MemcageError);
    expect(thrown(() => exec('true', { memory: 'x' as Size })).code).toBe('ERR_MEMCAGE_INVALID_SIZE');
    expect(thrown(() => execFile('true', ['x'], { cage, memory: '1M', parent: '.' })).code).toBe(
      'ERR_MEMCAGE_INVALID_ARGUMENT',
    );
  });

  test('child_process patched with memcage’s functions', async () => {
    const stock = { ...childProcess };
    try {
      Object.assign(childProcess, { exec, execFile });
      const child = exec('exit 3', { memory: '50M' });
      expect(child.cage).not.toBeNull();
      expect(await child.outcome).toMatchObject({ exitCode: 3, memory: { limitBytes: 50 << 20 } });
      expect(await promisify(childProcess.execFile)('echo', ['x'])).toMatchObject({ stdout: 'x\n' });
    } finally {
      Object.assign(childProcess, stock);
    }
  });
});
