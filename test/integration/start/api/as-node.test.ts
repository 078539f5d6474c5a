import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import {
  errorData,
  eventNames,
  fieldsOf,
  follow,
  recordEvents,
  thrownData,
} from '../../../support/children/child-record';
import { comparing, type Functions } from '../../../support/children/function-kinds';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const FORKED = resolve(__dirname, '../../../fixtures/start/api/forked.js');

/** What the callback of exec and execFile got, and when it was called relative to the child's events. */
async function collected(start: (callback: (...args: unknown[]) => void) => ChildProcess): Promise<unknown> {
  let events: unknown[][] = [];
  let child: ChildProcess | undefined;
  const called = new Promise<object>((done) => {
    child = start((error, stdout, stderr) => {
      events.push(['callback']);
      done({
        error: error === null ? null : { ...errorData(error as Error), cause: (error as Error).cause },
        stdout,
        stderr,
      });
    });
    events = recordEvents(child);
  });
  await new Promise((done) => child?.once('close', done));
  return { ...(await called), events, killed: child?.killed, args: child?.spawnargs };
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolveAnswer) => child.once('message', resolveAnswer));
}

describeIf('cgroup', 'the functions of child_process do what Node’s do', () => {
  const sameAsNode = comparing();

  describe('fork', () => {
    test.each(['json', 'advanced'] as const)('messages, serialization %s', async (serialization) => {
      const answered = await sameAsNode(async ({ fork }) => {
        const child = fork(FORKED, ['a', 'b c'], { serialization, execArgv: ['--no-warnings'] });
        const events = recordEvents(child);
        child.send(serialization === 'json' ? { a: [1, null] } : new Map([[1, { a: 1n }]]));
        const message = await answer(child);
        child.disconnect();
        await new Promise((done) => child.once('exit', done));
        return { message, events };
      });
      expect(answered.message).toMatchObject({ argv: ['a', 'b c'], isMap: serialization === 'advanced' });
    });

    test('a URL, options in the place of the arguments, silent, env, cwd as a URL', async () => {
      await sameAsNode(async ({ fork }) => {
        const options = { silent: true, cwd: pathToFileURL('/usr'), env: { ...process.env, OWN: 'x' } };
        const child = fork(pathToFileURL(FORKED), options);
        child.send('hi');
        const message = await answer(child);
        const streams = [child.stdin, child.stdout, child.stderr].map((stream) => stream?.constructor.name);
        child.disconnect();
        await new Promise((done) => child.once('exit', done));
        return { message, streams };
      });
    });

    test('a socket goes to the child', async () => {
      await sameAsNode(async ({ fork }) => {
        const child = fork(FORKED);
        const server = net.createServer((socket) => child.send('hello', socket)).listen(0, '127.0.0.1');
        await new Promise((done) => server.once('listening', done));
        const said = await text(net.connect((server.address() as AddressInfo).port, '127.0.0.1'));
        child.disconnect();
        await new Promise((done) => child.once('exit', done));
        server.close();
        expect(said).toBe('from the child: hello');
      });
    });

    test('a module that is not there, an execPath that is not there, no ipc in stdio', async () => {
      await sameAsNode(async ({ fork }) => {
        const child = fork('/no/such/module.js', { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
        return { events: (await follow(child)).events };
      });
      await sameAsNode(async ({ fork }) => (await follow(fork(FORKED, { execPath: '/no/such/node' }))).events);
      await sameAsNode(({ fork }) => thrownData(() => fork(FORKED, { stdio: ['pipe', 'pipe', 'pipe'] })));
      await sameAsNode(({ fork }) => thrownData(() => fork(undefined as never)));
      await sameAsNode(({ fork }) => thrownData(() => fork(FORKED, 'x' as never)));
      await sameAsNode(({ fork }) => thrownData(() => fork(FORKED, [], 'x' as never)));
    });

    test('timeout, AbortSignal, kill', async () => {
      await sameAsNode(async ({ fork }) => (await follow(fork(FORKED, { timeout: 100 } as never))).events);
      await sameAsNode(async ({ fork }) => {
        const controller = new AbortController();
        const child = fork(FORKED, { signal: controller.signal, killSignal: 'SIGKILL' });
        setTimeout(() => controller.abort(new Error('why')), 50);
        return eventNames((await follow(child)).events);
      });
      await sameAsNode(async ({ fork }) => {
        const child = fork(FORKED, { stdio: 'pipe' });
        child.kill('SIGUSR2');
        return (await follow(child)).after;
      });
    });
  });

  describe.each(['exec', 'execFile'] as const)('%s', (name) => {
    /** The same command in the form that each function takes. */
    const start =
      (command: string, options?: object) =>
      (functions: Functions): Promise<unknown> =>
        collected((callback) => {
          const first = name === 'exec' ? [command] : ['sh', ['-c', command]];
          const rest = options === undefined ? [callback] : [options, callback];
          return (functions[name] as (...args: unknown[]) => ChildProcess)(...first, ...rest);
        });

    testRows<[string, string, object?]>(
      'results and errors of commands',
      [
        ['output', 'echo out; echo err >&2'],
        ['an exit code', 'echo out; echo err >&2; exit 3'],
        ['a signal', 'kill -9 $$'],
        ['encoding buffer', 'printf "\\377\\376"', { encoding: 'buffer' }],
        ['encoding hex', 'printf abc', { encoding: 'hex' }],
        ['encoding null', 'printf abc', { encoding: null }],
        ['maxBuffer of stdout', 'printf 0123456789; exec sleep 60', { maxBuffer: 5 }],
        ['maxBuffer of stderr', 'printf 0123456789 >&2; exec sleep 60', { maxBuffer: 5, encoding: 'buffer' }],
        ['timeout', 'exec sleep 60', { timeout: 100 }],
        ['timeout with a killSignal', 'exec sleep 60', { timeout: 100, killSignal: 'SIGINT' }],
        ['an aborted signal', 'exec sleep 60', { signal: AbortSignal.abort(new Error('why')) }],
        ['cwd', 'pwd', { cwd: '/usr' }],
        ['cwd as a URL', 'pwd', { cwd: pathToFileURL('/usr') }],
        ['cwd that is not there', 'pwd', { cwd: '/no/such/directory' }],
        ['env', 'echo $A$B', { env: { A: '1', B: undefined, PATH: process.env['PATH'] } }],
        ['shell', 'echo $0', { shell: '/bin/sh' }],
        ['a shell that is not there', 'echo $0', { shell: '/no/such/shell' }],
        ['uid', 'id -u; id -g', { uid: 12345, gid: 23456 }],
        ['null for options', 'echo x', null as never],
      ],
      async ([, command, options]) => {
        await sameAsNode(start(command, options));
      },
      { limitMs: 60_000 },
    );

    test('without a callback', async () => {
      await sameAsNode(async (functions) => {
        const child = name === 'exec' ? functions.exec('echo out; exit 4') : functions.execFile('sh', ['-c', 'exit 4']);
        const events = recordEvents(child);
        await new Promise((done) => child.once('close', done));
        return { events, fields: fieldsOf(child) };
      });
    });

    testRows<[string, unknown[]]>(
      'wrong arguments are thrown',
      [
        ['no command', []],
        ['a command that is no text', [5]],
        ['an empty command', ['']],
        ['NUL', ['a\0b']],
        ['a callback that is none', ['true', {}, 5]],
        ['a wrong timeout', ['true', { timeout: -1 }]],
        ['a wrong maxBuffer', ['true', { maxBuffer: -1 }]],
        ['a wrong killSignal', ['true', { killSignal: 'SIGNOT' }]],
        ['a wrong signal', ['true', { signal: {} }]],
        ['a wrong cwd', ['true', { cwd: 5 }]],
      ],
      async ([, args]) => {
        const call = (functions: Functions) =>
          thrownData(() => (functions[name] as (...all: unknown[]) => unknown)(...args));
        expect((await sameAsNode(call)).code).toMatch(/^ERR_/);
      },
      { limitMs: 60_000 },
    );
  });

  test('execFile: every form of the arguments', async () => {
    const forms: unknown[][] = [
      ['true'],
      ['true', null],
      ['echo', ['x']],
      ['pwd', { cwd: '/usr' }],
      ['echo', ['x'], { cwd: '/usr' }],
      ['echo', ['x'], null],
      ['pwd', undefined, { cwd: '/usr' }],
    ];
    for (const form of forms) {
      await sameAsNode(({ execFile }) =>
        collected((callback) => (execFile as (...all: unknown[]) => ChildProcess)(...form, callback)),
      );
    }
  });

  test('execFile: ENOENT, EACCES, ENOTDIR', async () => {
    for (const file of ['no-such-command', '/etc/passwd']) {
      await sameAsNode(({ execFile }) => collected((callback) => execFile(file, ['x'], callback)));
    }
    await sameAsNode(({ execFile }) => thrownData(() => execFile('/etc/passwd/x')));
  });

  test('an AbortSignal while it runs', async () => {
    await sameAsNode(({ execFile }) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      return collected((callback) => execFile('sleep', ['60'], { signal: controller.signal }, callback));
    });
  });

  describe('spawn', () => {
    test('argv0, shell, stdio of every kind, more than three', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
      try {
        await sameAsNode(async ({ spawn }) => {
          const fd = openSync(join(directory, 'out'), 'w');
          const child = spawn('sh', ['-c', 'echo $0 to 4 >&4; echo to 3 >&3; echo to 1'], {
            argv0: 'other',
            stdio: ['ignore', 'overlapped', 'inherit', 'pipe', fd],
          });
          closeSync(fd);
          const [record, third] = await Promise.all([follow(child), text(child.stdio[3] as never)]);
          return { record, third, file: readFileSync(join(directory, 'out'), 'utf8') };
        });
        await sameAsNode(async ({ spawn }) => follow(spawn('echo $((1 + 1))', { shell: true })));
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

    test('Symbol.dispose kills', async () => {
      await sameAsNode(async ({ spawn }) => {
        const child = spawn('sleep', ['60']);
        child[Symbol.dispose]();
        return follow(child);
      });
      await sameAsNode(async ({ fork }) => {
        const child = fork(FORKED, { silent: true });
        child[Symbol.dispose]();
        const { events, after } = await follow(child);
        return { events, after };
      });
    });
  });
});
