import { type ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createCage, type SharedCage, type SpawnOptions, spawn } from 'memcage';
import { starterOf, startersOf } from '../../../support/native/starters';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { fillFds } from '../../../support/processes/fill-fds';
import { readIfThere } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const DIRECTORY = mkdtempSync(join(tmpdir(), 'memcage-starter-'));
const SCRIPT = join(DIRECTORY, 'script');
const NO_SHEBANG = join(DIRECTORY, 'no-shebang');
const CLOSED_FD = 9999;
const MEBIBYTE = 1 << 20;

type Words = readonly [file: string, ...args: string[]];
type Options = Pick<SpawnOptions, 'cwd' | 'env' | 'stdio' | 'detached'>;

/** How a start ends: as far as the three ways have to agree. Out of fds, Node tells of an error and of no end. */
function endOf(start: () => unknown): Promise<unknown> {
  const told = (error: NodeJS.ErrnoException & { spawnargs?: string[] }): unknown => {
    const { code, errno, syscall, path, spawnargs, message } = error;
    return { code, errno, syscall, path, spawnargs, message };
  };
  return new Promise((resolve) => {
    try {
      const child = start() as ChildProcess;
      child.once('error', (error) => resolve({ error: told(error) }));
      child.once('close', (status, signal) => resolve({ status, signal }));
      for (const stream of child.stdio ?? []) if (stream instanceof Readable) stream.resume();
    } catch (error) {
      resolve({ thrown: told(error as Error) });
    }
  });
}

describeIf('cgroup', 'a start by the starter', () => {
  let cage: SharedCage;
  beforeAll(() => {
    writeFileSync(SCRIPT, '#!/no/such/interpreter\n', { mode: 0o755 });
    writeFileSync(NO_SHEBANG, 'exit 7\n', { mode: 0o755 });
    writeFileSync(join(DIRECTORY, 'plain'), 'exit 7\n', { mode: 0o644 });
    chmodSync(NO_SHEBANG, 0o755);
  });
  afterAll(() => rmSync(DIRECTORY, { recursive: true }));
  beforeEach(() => {
    cage = createCage({ memory: '200M' });
  });
  afterEach(() => cage.close());
  expectNothingLeft(async () => {
    const first = createCage({ memory: '100M' });
    await first.run('true');
    await first.close();
  });

  testRows<[what: string, words: Words, options?: Options]>(
    'fails as one by Node, and as one in a private cage',
    [
      ['no such program', ['no-such-program']],
      ['no such path', ['/no/such/path']],
      ['no program', [join(DIRECTORY, 'plain')]],
      ['a directory', ['/usr']],
      ['an interpreter that is not there', [SCRIPT]],
      ['a program for the shell', [NO_SHEBANG]],
      ['a directory that is not there', ['true'], { cwd: '/no/such/directory' }],
      ['a directory that is a file', ['true'], { cwd: SCRIPT }],
      ['an fd that is closed', ['true'], { stdio: ['ignore', CLOSED_FD, 'ignore'] }],
      ['an fd that is closed, far up', ['true'], { stdio: [...Array<'ignore'>(20).fill('ignore'), CLOSED_FD] }],
      ['an argument that is too long', ['true', 'x'.repeat(MEBIBYTE)]],
      ['more arguments than exec takes', ['true', ...Array<string>(100).fill('x'.repeat(100_000))]],
      ['more than the starter can be told', ['true', ...Array<string>(200).fill('x'.repeat(100_000))]],
      ['a large environment', ['true'], { env: { ...process.env, ...large(15) } }],
      ['one that is too large', ['true'], { env: { ...process.env, ...large(100) } }],
      [
        'hundreds of fds',
        ['sh', '-c', 'exit $(($(ls /proc/self/fd | wc -l) - 550))'],
        { stdio: Array<'pipe'>(600).fill('pipe') },
      ],
      ['detached', ['sh', '-c', 'test $$ = "$(ps -o sid= -p $$ | tr -d " ")"'], { detached: true }],
    ],
    async ([, [file, ...args], options = {}]) => {
      const byNode = await endOf(() => nodeSpawn(file, args, options));
      expect(await endOf(() => spawn(file, args, { ...options, cage }))).toEqual(byNode);
      expect(await endOf(() => spawn(file, args, { ...options, memory: '200M' }))).toEqual(byNode);
      expect(await endOf(() => spawn('true', [], { cage }))).toEqual({ status: 0, signal: null });
    },
    { limitMs: 10_000, name: ([what]) => what },
  );

  test('gives back what a large one took', async () => {
    await endOf(() => spawn('true', [], { cage, env: { ...process.env, ...large(15) } }));
    const starter = await starterOf(process.pid);
    const [, resident] = /^RssAnon:\s+(\d+) kB/m.exec(readIfThere(`/proc/${starter}/status`) ?? '') ?? [];
    expect(Number(resident)).toBeLessThan(500);
  });

  testRows(
    'that finds the fd table full fails with EMFILE or runs, and leaves no child of which nobody knows',
    Array.from({ length: 40 }, (_, free) => free),
    async (free) => {
      // Every third time it has to make a starter first.
      if (free % 3 === 0) for (const pid of startersOf(process.pid)) process.kill(pid, 'SIGKILL');
      const release = fillFds(free);
      let end: Promise<unknown>;
      try {
        end = endOf(() => spawn('true', [], { cage, stdio: 'ignore' }));
      } finally {
        release();
      }
      const told = JSON.stringify(await end);
      expect(told).toMatch(/^\{"status":0,"signal":null\}$|"code":"EMFILE"/);
      expect(await endOf(() => spawn('true', [], { cage }))).toEqual({ status: 0, signal: null });
    },
    { limitMs: 5000 },
  );
});

function large(count: number): NodeJS.ProcessEnv {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`LARGE${i}`, 'x'.repeat(100_000)]));
}
