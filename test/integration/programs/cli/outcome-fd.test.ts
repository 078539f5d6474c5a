import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const CLI = join(__dirname, '../../../../dist/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'memcage-outcome-fd-'));

afterAll(() => rmSync(directory, { recursive: true }));

describeIf('cgroup', '--outcome fd:3', () => {
  type Third = 'pipe' | 'ignore' | number;

  /** Runs memcage with that as fd 3. Returns also all that was written there until its end. */
  async function withThird(
    third: Third,
    words: readonly string[],
  ): Promise<{ code: number; stderr: string; third: string }> {
    const child = spawn(process.execPath, [CLI, 'run', '-m', '50M', ...words], {
      stdio: ['ignore', 'ignore', 'pipe', third],
    });
    const closed = once(child, 'close');
    const textOf = async (stream: unknown): Promise<string> =>
      stream instanceof Readable ? (await stream.setEncoding('utf8').toArray()).join('') : '';
    const [stderr, written, [code]] = await Promise.all([textOf(child.stderr), textOf(child.stdio[3]), closed]);
    return { code: code as number, stderr, third: written };
  }

  const FD = ['--outcome', 'fd:3'];

  testRows(
    'one document, however the command ends',
    [
      ['of its own', ['sh', '-c', 'exit 5'], { exitCode: 5, error: null }, 5],
      ['it is not there', ['no-such-command'], { exitCode: null, error: { code: 'ENOENT' } }, 127],
      ['no cage', ['--parent', '/no/such/cgroup', 'true'], { error: { code: 'ERR_MEMCAGE_NO_PARENT' } }, 125],
    ] as [string, string[], object, number][],
    async ([, words, expected, code]) => {
      const end = await withThird('pipe', [...FD, ...words]);
      expect(end.code).toBe(code);
      expect(JSON.parse(end.third)).toMatchObject(expected);
    },
  );

  test('it ends with the command, even if memcage waits for what that has left', async () => {
    const words = ['run', ...FD, '--keep-descendants', 'sh', '-c', 'sleep 1 &'];
    const child = spawn(process.execPath, [CLI, ...words], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    const closed = once(child, 'close');
    const third = child.stdio[3] as Readable;
    const text = (await third.setEncoding('utf8').toArray()).join('');
    expect(child.exitCode).toBeNull();
    expect(JSON.parse(text)).toMatchObject({ exitCode: 0 });
    await closed;
  });

  test('the command does not have it', async () => {
    const { stderr, code } = await withThird('pipe', [...FD, 'sh', '-c', 'ls /proc/self/fd >&2']);
    expect(code).toBe(0);
    // The last one is that of the directory.
    expect(stderr.trim().split('\n')).toEqual(['0', '1', '2', '3']);
    const held = await withThird('pipe', [...FD, 'sh', '-c', '[ ! -e /proc/$$/fd/3 ]']);
    expect(held.code).toBe(0);
  });

  test('a file that the caller has opened', async () => {
    const path = join(directory, 'third');
    const fd = openSync(path, 'w');
    writeSync(fd, 'before\n');
    await withThird(fd, [...FD, 'true']);
    closeSync(fd);
    const [first, ...rest] = readFileSync(path, 'utf8').split('\n');
    expect(first).toBe('before');
    expect(JSON.parse(rest.join('\n'))).toMatchObject({ exitCode: 0 });
  });

  test('nobody reads it any more: the exit code is that of the command', async () => {
    const line = `'${process.execPath}' '${CLI}' run --outcome fd:3 true; echo $?`;
    const { stdout, stderr } = spawnSync('bash', ['-c', `{ { ${line}; } 3>&1 >&4 | true; } 4>&1`], {
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['0\n', '']);
  });

  testRows(
    'what is not open for writing: the command is not run',
    [
      ['not open', 'ignore', 'fd:4'],
      ['closed', undefined, 'fd:3'],
      ['a file to read', openSync(__filename, 'r'), 'fd:3'],
      ['a directory', openSync(directory, 'r'), 'fd:3'],
    ] as [string, Third | undefined, string][],
    async ([, third, name]) => {
      const mark = join(directory, 'was-run');
      const child = spawnSync(process.execPath, [CLI, 'run', '--outcome', name, 'touch', mark], {
        stdio: ['ignore', 'ignore', 'pipe', ...(third === undefined ? [] : [third])],
        encoding: 'utf8',
      });
      expect(child.stderr).toMatch(/^memcage: --outcome fd:\d: fd \d is not open for writing\. Cure: .*\n$/);
      expect(child.status).toBe(125);
      expect(() => readFileSync(mark)).toThrow('ENOENT');
    },
  );

  test('fds of Node itself are none that the caller has given', async () => {
    for (const name of ['fd:3', 'fd:4', 'fd:5', 'fd:6', 'fd:7', 'fd:8']) {
      expect(await runCli(['run', '--outcome', name, 'true'])).toMatchObject({ code: 125, left: [] });
    }
    expect((await runCli(['run', '--outcome', 'fd:12', 'true'])).stderr).toContain('or an fd from fd:0 to fd:9');
  });
});
