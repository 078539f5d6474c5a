import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cagesLeft } from '../support/nothing-left';
import { describeIf } from '../support/require';

const root = join(__dirname, '../..');

interface End {
  code: number | null;
  lines: string[];
  left: string[];
}

async function runExample(name: string, ...args: string[]): Promise<End> {
  const child = spawn(process.execPath, [join(root, 'out/examples', `${name}.js`), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return {
    code,
    lines: stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' ')),
    left: cagesLeft(child.pid ?? 0),
  };
}

describeIf(['v1', 'root'], 'the examples', () => {
  beforeAll(() => {
    execFileSync('npm', ['run', '--silent', 'build:programs'], { cwd: root, stdio: 'inherit' });
  }, 120_000);

  const limit = [
    '✓ pid that the child sees 1',
    '✓ host name that it sees cage',
    expect.stringMatching(/^✓ pids in the cgroup \d+ \d+/),
    '✓ limit 104857600 (100.0 MiB)',
    expect.stringMatching(/^✓ usage \d+/),
    expect.stringMatching(/^memory.stat rss \d+$/),
    '✓ alive yes',
    '✓ stopped by us, not for memory SIGKILL',
    expect.stringMatching(/^event 'oom' cause limit, kills 1$/),
    expect.stringMatching(/^✓ the worker .*got signal 9/),
    '✓ outcome.oom.cause limit',
    '✓ outcome.oom.kills 1',
    '✓ peak 104857600 (100.0 MiB)',
    'All of it was so.',
  ] as string[];

  test('memory-limit, with our own allocator', async () => {
    const { code, lines, left } = await runExample('memory-limit', '--own-allocator');
    expect(lines).toEqual(
      expect.arrayContaining([...limit, expect.stringMatching(/^memory is taken by our own allocator/)]),
    );
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  test('named-group', async () => {
    const { code, lines, left } = await runExample('named-group');
    expect(lines).toEqual(
      expect.arrayContaining([
        '✓ memory limit 104857600',
        expect.stringMatching(/^✓ tasks \d+/),
        expect.stringMatching(/^✓ cgroup of the process .*test_memory_limit/),
        '✓ lowered to 50 MiB 52428800',
        '✓ ended by SIGKILL',
        'All of it was so.',
      ]),
    );
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  describeIf('stress', 'with stress', () => {
    test('memory-limit', async () => {
      const { code, lines, left } = await runExample('memory-limit');
      expect(lines).toEqual(expect.arrayContaining([...limit, 'memory is taken by stress']));
      expect({ code, left }).toEqual({ code: 0, left: [] });
    });
  });
});
