import { spawn as nodeSpawn } from 'node:child_process';
import { constants } from 'node:os';
import { createCage, run, type SharedCage, spawn } from 'memcage';
import { errorData, recordEvents } from '../../support/children/child-record';
import type { Spawn } from '../../support/children/stock-spawn';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

/** The result of a call, as data: what it throws, or the events of the child. */
async function fateOf(call: (start: Spawn) => ReturnType<Spawn>, start: Spawn): Promise<unknown> {
  let child: ReturnType<Spawn>;
  try {
    child = call(start);
  } catch (error) {
    return { thrown: errorData(error as Error) };
  }
  const events = recordEvents(child);
  await new Promise((resolve) => child.once('close', resolve));
  return { events };
}

describeIf('cgroup', 'what Node refuses is refused as Node does it, and nothing is left', () => {
  let shared: SharedCage;
  beforeEach(() => {
    shared = createCage({ memory: '50M' });
  });
  afterEach(() => shared.close());
  expectNothingLeft(async () => {
    shared = createCage({ memory: '50M' });
    await shared.run('true');
    await shared.close();
    // libuv keeps two fds open from its first child on.
    await new Promise((resolve) => nodeSpawn('true').once('close', resolve));
    await run('true', [], { memory: '10M' });
  });

  const merge = (args: unknown, options: unknown, more: object): [never, never] =>
    typeof args === 'object' && args !== null && !Array.isArray(args)
      ? [{ ...args, ...more } as never, options as never]
      : [args as never, (typeof options === 'object' && options !== null ? { ...options, ...more } : options) as never];
  const privately: Spawn = (file, args, options) =>
    spawn(file, ...merge(args, options ?? {}, { memory: '50M' })) as never;
  const inNamespaces: Spawn = (file, args, options) =>
    spawn(file, ...merge(args, options ?? {}, { memory: '50M', namespaces: { uts: true, mount: true } })) as never;
  const uncaged: Spawn = spawn as Spawn;
  const inShared: Spawn = (file, args, options) => shared.spawn(file, args as never, (options ?? {}) as never);

  const cases: [string, (start: Spawn) => ReturnType<Spawn>][] = [
    ['a NUL byte in the file', (start) => start('a\0b', [])],
    ['a NUL byte in an argument', (start) => start('true', ['a\0b'])],
    ['a NUL byte in a value of the environment', (start) => start('true', [], { env: { NAME: 'a\0b' } })],
    ['a NUL byte in a name of the environment', (start) => start('true', [], { env: { 'a\0b': 'x' } })],
    ['a NUL byte in cwd', (start) => start('true', [], { cwd: '/tmp\0' })],
    ['a NUL byte in argv0', (start) => start('true', [], { argv0: 'a\0' })],
    ['a file that is no string', (start) => start(5 as never, [])],
    ['an empty file', (start) => start('', [])],
    ['arguments that are no list', (start) => start('true', 'x' as never, {})],
    ['arguments that are no strings', (start) => start('true', [1, {}, null, undefined] as never)],
    // Without pipes, since stock Node leaks them here.
    ['an argument that can not be a string', (start) => start('true', [Symbol('x')] as never, { stdio: 'ignore' })],
    ['options that are no object', (start) => start('true', [], 'x' as never)],
    ['a command that does not exist', (start) => start('no-such-command', ['x'])],
    ['a path that does not exist', (start) => start('/no/such/file', [])],
    ['a directory', (start) => start('/', [])],
    ['a file that is not executable', (start) => start('/etc/passwd', [])],
    ['a path through a file', (start) => start('/etc/passwd/x', [])],
    ['a path that is too long', (start) => start(`/${'x'.repeat(5000)}`, [])],
    ['an argument that is too long', (start) => start('true', ['x'.repeat(200_000)])],
    ['a cwd that does not exist', (start) => start('true', [], { cwd: '/no/such/directory' })],
    ['a cwd that is no directory', (start) => start('true', [], { cwd: '/etc/passwd' })],
    ['a cwd that is no text', (start) => start('true', [], { cwd: 1 as never })],
    ['a cwd that is a URL of no file', (start) => start('true', [], { cwd: new URL('http://localhost/') })],
    ['argv0 that is no text', (start) => start('true', [], { argv0: 1 as never })],
    ['an fd that is not open', (start) => start('true', [], { stdio: ['ignore', 'ignore', 'ignore', 987] })],
    ['an fd that is not open, for stdout', (start) => start('true', [], { stdio: ['ignore', 987, 'ignore'] })],
    ['stdio that is none', (start) => start('true', [], { stdio: 'file' as never })],
    ['an entry of stdio that is none', (start) => start('true', [], { stdio: ['pipe', {} as never] })],
    ['an entry of stdio that is an unknown word', (start) => start('true', [], { stdio: ['pipe', 'x' as never] })],
    ['two IPC channels', (start) => start('true', [], { stdio: ['ipc', 'ipc'] })],
    ['a serialization that does not exist', (start) => start('true', [], { serialization: 'x' as never })],
    ['a uid that is no number', (start) => start('true', [], { uid: 'root' as never })],
    ['a uid that is none', (start) => start('true', [], { uid: -1 })],
    ['a uid above all', (start) => start('true', [], { uid: 2 ** 40 })],
    ['a gid that is no number', (start) => start('true', [], { gid: {} as never })],
    ['a gid that is none', (start) => start('true', [], { gid: -1 })],
    ['a negative timeout', (start) => start('true', [], { timeout: -1 })],
    ['a signal that does not exist', (start) => start('true', [], { killSignal: 'SIGNOT' as never })],
    ['a signal that is none', (start) => start('true', [], { signal: {} as never })],
    ['detached that is no boolean', (start) => start('true', [], { detached: 1 as never })],
    ['shell that is neither boolean nor text', (start) => start('true', [], { shell: 1 as never })],
  ];

  testRows('in a cage of its own or not, in namespaces, in a shared cage', cases, async ([, call]) => {
    const stock = await fateOf(call, nodeSpawn as Spawn);
    expect({ private: await fateOf(call, privately) }).toEqual({ private: stock });
    expect({ namespaces: await fateOf(call, inNamespaces) }).toEqual({ namespaces: stock });
    expect({ uncaged: await fateOf(call, uncaged) }).toEqual({ uncaged: stock });
    expect({ shared: await fateOf(call, inShared) }).toEqual({ shared: stock });
  });

  testRows(
    'what is neither args nor options counts as with Node',
    [
      [null, 'args'],
      ['x', 'args'],
      [5, 'args'],
      [false, 'args'],
      [{ argv0: 'x' }, 'args'],
      [null, 'options'],
      [[], 'options'],
      [() => {}, 'options'],
    ],
    async ([value, place]) => {
      const call = (start: Spawn): ReturnType<Spawn> =>
        place === 'args' ? start('true', value as never) : start('true', [], value as never);
      expect(await fateOf(call, uncaged)).toEqual(await fateOf(call, nodeSpawn as Spawn));
    },
  );

  test('options in the place of the arguments count, whatever follows them', async () => {
    const child = spawn('true', { memory: '50M' } as never, {});
    expect(child.cage).not.toBeNull();
    expect(await child.outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: 50 * 1024 * 1024 } });
  });

  describe('the outcome says what Node does not', () => {
    const { ENOENT, EACCES, EBADF } = constants.errno;
    testRows(
      'of what could not be found',
      [
        [
          'the command',
          'no-such-command',
          {},
          { code: 'ENOENT', errno: -ENOENT, stage: 'exec', path: 'no-such-command' },
        ],
        ['the directory', '/', {}, { code: 'EACCES', errno: -EACCES, stage: 'exec', path: '/' }],
        [
          'the cwd',
          'true',
          { cwd: '/no/dir' },
          { code: 'ENOENT', errno: -ENOENT, stage: 'cwd', path: '/no/dir', syscall: 'chdir' },
        ],
      ],
      async ([, file, options, error]) => {
        const child = spawn(file, [], { memory: '50M', ...options });
        child.on('error', () => {});
        expect(await child.outcome).toMatchObject({ exitCode: null, signal: null, oom: null, error });
      },
    );

    test("run rejects with Node's own error", async () => {
      await expect(run('no-such-command', ['x'], { memory: '50M' })).rejects.toMatchObject({
        code: 'ENOENT',
        errno: -ENOENT,
        syscall: 'spawn no-such-command',
        path: 'no-such-command',
        spawnargs: ['x'],
      });
      await expect(
        run('true', [], { memory: '50M', stdio: ['ignore', 'ignore', 'ignore', 987] }),
      ).rejects.toMatchObject({
        code: 'EBADF',
        errno: -EBADF,
        syscall: 'spawn',
      });
    });
  });
});
