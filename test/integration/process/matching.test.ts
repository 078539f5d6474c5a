import { spawn as spawnNode } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { eventNames, follow, thrownData } from '../../support/children/child-record';
import {
  handleSameAsNode,
  librarySpawn,
  type Spawn,
  sameAsNode,
  stockSurvivesRefusals,
  swappedSpawn,
} from '../../support/children/stock-spawn';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { testRows } from '../../support/rows';

describe('a child that runs', () => {
  testRows('with an exit code', [0, 1, 255], async (code) => {
    const record = await sameAsNode((spawn) => follow(spawn('sh', ['-c', `exit ${code}`])));
    expect(record.events).toEqual([['spawn'], ['exit', code, null], ['close', code, null]]);
    expect(record.before.pid).toBe('number');
  });

  testRows('ended by a signal', ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGUSR1'], async (signal) => {
    const record = await sameAsNode((spawn) => follow(spawn('sh', ['-c', `kill -${signal.slice(3)} $$`])));
    expect(record.events).toEqual([['spawn'], ['exit', null, signal], ['close', null, signal]]);
  });

  test('ended by a realtime signal, which Node has no name for', async () => {
    const scenario = (spawn: Spawn) => follow(spawn('sh', ['-c', 'kill -40 $$']));
    const { events } = await handleSameAsNode(scenario);
    expect(events[1]).toEqual(['exit', 0, null]);
    // A deliberate difference: this is not exit code 0.
    expect((await scenario(librarySpawn)).events[1]).toEqual(['exit', null, 'SIG40']);
  });

  test('prototype and members', async () => {
    await sameAsNode(async (spawn) => {
      const child = spawn('true');
      const prototype = Object.getPrototypeOf(child);
      const described = [prototype.constructor.name, ...Reflect.ownKeys(prototype).map(String)];
      const own = Object.hasOwn(child, 'spawn');
      await follow(child);
      return { described, own };
    });
  });

  test('is a ChildProcess of this Node', () => {
    const child = swappedSpawn('true');
    expect(Object.getPrototypeOf(child)).toBe(Object.getPrototypeOf(spawnNode('true')));
  });
});

describe('errors', () => {
  test('ENOENT: a later error event, then close', async () => {
    const record = await sameAsNode((spawn) => follow(spawn('/no/such/program', ['a', 'b'])));
    expect(eventNames(record.events)).toEqual(['error', 'close']);
    expect(record.events[0]?.[1]).toEqual({
      name: 'Error',
      message: 'spawn /no/such/program ENOENT',
      errno: -2,
      code: 'ENOENT',
      syscall: 'spawn /no/such/program',
      path: '/no/such/program',
      spawnargs: ['a', 'b'],
    });
    expect(record.before.pid).toBe('undefined');
  });

  test('ENOENT for a name that is nowhere in PATH, and for a cwd that is not there', async () => {
    await sameAsNode((spawn) => follow(spawn('no-such-program-at-all')));
    await sameAsNode((spawn) => follow(spawn('true', { cwd: '/no/such/directory' })));
  });

  test('EACCES: a directory, a file without x', async () => {
    const record = await sameAsNode((spawn) => follow(spawn('/tmp')));
    expect(record.events[0]?.[1]).toMatchObject({ code: 'EACCES' });
    await sameAsNode((spawn) => follow(spawn(__filename, { stdio: ['pipe', 'ignore', 'pipe'] })));
  });

  test('the child has its own PATH', async () => {
    await sameAsNode((spawn) => follow(spawn('true', { env: { PATH: '/no/such/directory' } })));
    const record = await sameAsNode((spawn) => follow(spawn('sh', ['-c', 'echo found'], { env: { PATH: '/bin' } })));
    expect(record.stdout).toBe('found\n');
  });

  test('ENOTDIR and other errnos are thrown', async () => {
    const error = await sameAsNode((spawn) => thrownData(() => spawn('/etc/passwd/x')));
    expect(error).toMatchObject({ code: 'ENOTDIR', syscall: 'spawn' });
    expect(await sameAsNode((spawn) => thrownData(() => spawn('true', { stdio: [0, 1, 1022] })))).toMatchObject({
      code: 'EBADF',
    });
  });

  test('a negative fd is thrown as EINVAL, and no fd is left open', async () => {
    const attempt = (spawn: Spawn) =>
      thrownData(() => spawn('true', { stdio: ['pipe', 'overlapped', { fd: -1 } as never] }));
    const expected = { name: 'Error', message: 'spawn EINVAL', errno: -22, code: 'EINVAL', syscall: 'spawn' };
    const before = openFds();
    expect(attempt(swappedSpawn)).toEqual(expected);
    await expectNoNewFds(before);
    if (stockSurvivesRefusals) await sameAsNode(attempt);
  });
});

describe('options', () => {
  const shell = (script: string, options: Parameters<Spawn>[2] = {}) =>
    sameAsNode((spawn) => follow(spawn('sh', ['-c', script], options)));

  test('the options in place of the arguments', async () => {
    expect((await sameAsNode((spawn) => follow(spawn('pwd', { cwd: '/usr' })))).stdout).toBe('/usr\n');
    await sameAsNode((spawn) => follow(spawn('pwd', undefined, { cwd: '/usr' })));
    await sameAsNode((spawn) => follow(spawn('pwd', null as never, { cwd: '/usr' })));
  });

  test('cwd as a string and as a URL; an empty one is the own', async () => {
    expect((await shell('pwd', { cwd: '/usr' })).stdout).toBe('/usr\n');
    expect((await shell('pwd', { cwd: pathToFileURL('/usr') })).stdout).toBe('/usr\n');
    await shell('pwd', { cwd: '' });
  });

  test('env, without undefined and with inherited entries', async () => {
    const env = Object.assign(Object.create({ B: '2' }), { A: '1', C: undefined, PATH: process.env.PATH });
    expect((await shell('echo $A$B; env | grep -c ^C=', { env })).stdout).toBe('12\n0\n');
  });

  test('the own environment is the default', async () => {
    expect((await shell('echo $PATH')).stdout).toBe(`${process.env.PATH}\n`);
  });

  test('argv0', async () => {
    const record = await sameAsNode((spawn) => follow(spawn('sh', ['-c', 'echo $0'], { argv0: 'other' })));
    expect(record.stdout).toBe('other\n');
    expect(record.before.spawnargs).toEqual(['other', '-c', 'echo $0']);
  });

  test('arguments that are no strings become strings', async () => {
    const args = [1, null, undefined, { toString: () => 'object' }, 'ü\ud800'] as never;
    expect((await sameAsNode((spawn) => follow(spawn('echo', args)))).stdout).toBe('1 null undefined object ü\ufffd\n');
  });

  test('shell, as true and by name', async () => {
    expect((await sameAsNode((spawn) => follow(spawn('echo $((1 + 1)); exit 3', { shell: true })))).stdout).toBe('2\n');
    await sameAsNode((spawn) => follow(spawn('echo $0', { shell: '/bin/sh' })));
    await sameAsNode((spawn) => follow(spawn('echo $0', { shell: '/no/such/shell' })));
  });

  test('detached makes a session of its own', async () => {
    const session = 'cut -d" " -f6 /proc/$$/stat | grep -qx $$ && echo leader || echo member';
    expect((await shell(session, { detached: true })).stdout).toBe('leader\n');
    expect((await shell(session)).stdout).toBe('member\n');
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('uid and gid', async () => {
    expect((await shell('id -u; id -g; id -G', { uid: 12345, gid: 23456 })).stdout).toBe('12345\n23456\n23456\n');
    expect((await shell('id -u; id -g', { gid: 23456 })).stdout).toBe('0\n23456\n');
  });

  test('ignored signals of the parent are not ignored in the child', async () => {
    expect((await shell('grep SigIgn /proc/self/status')).stdout).toMatch(/0{16}/);
    await shell('grep SigBlk /proc/self/status');
  });

  test('timeout and killSignal', async () => {
    const record = await sameAsNode((spawn) => follow(spawn('sleep', ['60'], { timeout: 50 })));
    expect(record.events).toEqual([['spawn'], ['exit', null, 'SIGTERM'], ['close', null, 'SIGTERM']]);
    expect(record.after.killed).toBe(true);
    await sameAsNode((spawn) => follow(spawn('sleep', ['60'], { timeout: 50, killSignal: 'SIGINT' })));
    await sameAsNode((spawn) => follow(spawn('sleep', ['60'], { timeout: 50, killSignal: 9 })));
  });

  test('AbortSignal, before and while it runs', async () => {
    const record = await sameAsNode((spawn) => follow(spawn('sleep', ['60'], { signal: AbortSignal.abort('why') })));
    expect(eventNames(record.events)).toEqual(['spawn', 'error', 'exit', 'close']);
    expect(record.events[1]?.[1]).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    await sameAsNode((spawn) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      return follow(spawn('sleep', ['60'], { signal: controller.signal, killSignal: 'SIGUSR2' }));
    });
  });

  test('an AbortSignal after the end has no effect', async () => {
    await sameAsNode(async (spawn) => {
      const controller = new AbortController();
      const record = await follow(spawn('true', { signal: controller.signal }));
      controller.abort();
      await new Promise(setImmediate);
      return record;
    });
  });
});
