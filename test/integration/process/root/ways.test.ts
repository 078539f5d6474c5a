import { execFileSync as stockExecFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createCage,
  createLauncher,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  type NamespaceOptions,
  type RootOptions,
  run,
  spawn,
  spawnSync,
} from 'memcage';
import { withCode } from '../../../support/error-code';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { makeRootDirectory, ownMounts, type RootDirectory, SYSTEM } from '../../../support/roots/root-directory';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

jest.setTimeout(patience(60_000));

/** What a child says of its root: what is there, where it begins, which process it is. */
const TELL = 'echo $(ls /etc) $(pwd) $$';
const INSIDE = 'name /';
const UTF8 = { encoding: 'utf8' } as const;

let directory: RootDirectory;
const options = (more: { cwd?: string | URL; namespaces?: NamespaceOptions } = {}) => ({
  root: { path: directory.path, binds: SYSTEM } as RootOptions,
  ...more,
});

describeIf(['root', 'cgroup', 'root-read-only'], 'a root of its own, however the child is started', () => {
  expectNothingLeft(async () => spawnSync('true', { memory: '100M' }));
  let before: string;
  beforeEach(() => {
    directory = makeRootDirectory();
    directory.file('etc/name');
    before = ownMounts();
  });
  afterEach(() => {
    expect(ownMounts()).toBe(before);
    directory.remove();
  });

  testRows<[string, () => unknown]>(
    'by each function',
    [
      ['run', async () => (await run('sh', ['-c', TELL], options())).stdout],
      ['spawn', () => outputOf(spawn('sh', ['-c', TELL], options()))],
      ['spawn with a shell', () => outputOf(spawn(TELL, { ...options(), shell: true }))],
      ['exec', () => outputOf(exec(TELL, options()))],
      ['execFile', () => outputOf(execFile('sh', ['-c', TELL], options()))],
      ['spawnSync', () => spawnSync('sh', ['-c', TELL], { ...UTF8, ...options() }).stdout],
      ['execFileSync', () => execFileSync('sh', ['-c', TELL], { ...UTF8, ...options() })],
      ['execSync', () => execSync(TELL, { ...UTF8, ...options() })],
      ['in a private cage', async () => (await run('sh', ['-c', TELL], { memory: '100M', ...options() })).stdout],
      [
        'in a shared cage',
        async () => {
          await using cage = createCage({ memory: '100M' });
          return (await cage.run('sh', ['-c', TELL], options())).stdout;
        },
      ],
      [
        'a launcher',
        async () => {
          await using launcher = createLauncher({ memory: '100M', ...options() });
          return stockExecFileSync(launcher.file, [...launcher.args, 'sh', '-c', TELL], UTF8);
        },
      ],
    ],
    async ([, start]) => {
      expect(String(await start())).toMatch(new RegExp(`^${INSIDE} [23]\n$`));
    },
    { name: ([name]) => name },
  );

  testRows<[string, NamespaceOptions, string]>(
    'with an init, as pid 1, and among the processes outside',
    [
      ['an init', {}, '2'],
      ['pid 1', { pid: true }, '1'],
      ['outside', { pid: false }, ''],
    ],
    async ([, namespaces, pid]) => {
      for (const memory of [undefined, '100M'] as const) {
        const limit = memory === undefined ? {} : { memory };
        const { stdout } = await run('sh', ['-c', TELL], { ...options({ namespaces }), ...limit });
        expect(stdout).toMatch(new RegExp(`^${INSIDE} ${pid === '' ? '\\d{2,}' : pid}\n$`));
      }
    },
    { name: ([name]) => name },
  );

  testRows<[string, string | URL, string]>(
    'the working directory is inside, also for sync functions',
    [
      ['text', '/etc', '/etc'],
      ['relative', 'etc', '/etc'],
      ['a URL', pathToFileURL('/etc'), '/etc'],
      ['none', '', '/'],
    ],
    async ([, cwd, where]) => {
      const own = options({ cwd });
      const expected = `name ${where} 2\n`;
      expect((await run('sh', ['-c', TELL], own)).stdout).toBe(expected);
      expect(spawnSync('sh', ['-c', TELL], { ...UTF8, ...own }).stdout).toBe(expected);
    },
    { name: ([name]) => name },
  );

  test('a child of fork() talks through its channel', async () => {
    const child = fork(join(__dirname, '../../../fixtures/ipc-echo.js'), {
      root: { readOnly: true, hide: ['/root'] },
    });
    const [first] = (await once(child, 'message')) as [unknown];
    expect(first).toMatchObject({ mode: null });
    child.send('hello');
    expect(await once(child, 'message')).toMatchObject([{ echo: 'hello' }]);
    child.disconnect();
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
  });

  test('the program of a sync function is looked up inside', () => {
    const missing = spawnSync(process.execPath, ['-e', ''], { root: { path: directory.path } });
    expect(missing.error).toMatchObject({ code: 'ENOENT', path: process.execPath });
  });

  test('a mount that fails is thrown, and nothing is left', async () => {
    const root = { path: directory.path, binds: [{ source: '/usr', target: '/none' }] };
    const message = `root.binds[0]: /usr on /none could not be given its place (ENOENT)`;
    await expect(run('true', { root })).rejects.toThrow(withCode('MOUNT', message));
    await expect(run('true', { root, memory: '100M', namespaces: { pid: true } })).rejects.toThrow(
      withCode('MOUNT', message),
    );
    expect(thrown(() => spawnSync('true', { root, memory: '100M' }))).toMatchObject({
      stage: 'root-target',
      cure: expect.stringContaining(`mkdir -p ${directory.path}/none`) as string,
    });
  });

  test('several at the same time', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        run('sh', ['-c', `echo ${i} > /tmp/file; cat /tmp/file`], {
          root: { path: directory.path, binds: SYSTEM, tmpfs: ['/tmp'] },
        }),
      ),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 8 }, (_, i) => `${i}\n`));
  });
});

async function outputOf(child: ReturnType<typeof exec>): Promise<string> {
  let output = '';
  child.stdout?.on('data', (data: Buffer) => {
    output += data;
  });
  await once(child, 'close');
  return output;
}
