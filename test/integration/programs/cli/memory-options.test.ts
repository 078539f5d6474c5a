import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { files, OWN_CGROUP_IN_SHELL, version } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { LIVELOCK_LIMIT, type Livelock, makeLivelock } from '../../../support/processes/livelock';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

const HOG = 'Buffer.alloc(1 << 30, 1)';
/** A script that prints a file of its own cgroup. */
const showOwn = (file: string) => `${OWN_CGROUP_IN_SHELL}; cat "$own/${file}"`;
const directory = mkdtempSync(join(tmpdir(), 'memcage-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

describeIf('cgroup', 'memory', () => {
  const LIMIT = showOwn(files.limit);

  testRows(
    '-m, in each form',
    [['-m', '50M'], ['-m50M'], ['--memory', '52428800'], ['--memory=51200k']],
    async ([...option]) => {
      const end = await runCli(['run', ...option, '--', 'sh', '-c', LIMIT]);
      expect(end).toEqual({ code: 0, signal: null, stdout: '52428800\n', stderr: '', left: [] });
    },
  );

  test('without -m there is a cage all the same, without a limit', async () => {
    const json = join(directory, 'unlimited.json');
    expect(await runCli(['run', '--outcome', json, 'sh', '-c', LIMIT])).toMatchObject({
      code: 0,
      stderr: '',
      left: [],
    });
    const { memory } = JSON.parse(readFileSync(json, 'utf8')) as { memory: unknown };
    expect(memory).toMatchObject({ limitBytes: 'max', peakBytes: expect.any(Number) as number });
  });

  test('one line on stderr when memory killed it', async () => {
    const end = await runCli(['run', '-m', '100M', 'node', '-e', HOG]);
    expect(end).toMatchObject({ code: 137, signal: null, stdout: '', left: [] });
    expect(end.stderr).toMatch(
      /^memcage: node \(pid \d+\) was killed for its memory limit of 100 MiB \(peak 100 MiB\)\n$/,
    );
  });

  test('the line is there too when only a descendant was killed, and the code stays that of the command', async () => {
    const end = await runCli(['run', '-m', '100M', 'sh', '-c', '"$0" -e "$1"; exit 3', process.execPath, HOG]);
    expect(end).toMatchObject({ code: 3, left: [] });
    expect(end.stderr.split('\n').filter((line) => line.startsWith('memcage: '))).toEqual([
      // The kernel does not always say which process it killed.
      expect.stringMatching(
        /^memcage: ([\w-]+ \(pid \d+\), started by sh,|sh: 1 process) was killed for its memory limit of 100 MiB \(peak 100 MiB\)$/,
      ),
    ]);
  });

  describe('--node-heap', () => {
    const heap = async (...option: string[]): Promise<string> => {
      const { stdout } = await runCli(
        ['run', '-m', '100M', ...option, 'sh', '-c', 'node -p process.env.NODE_OPTIONS'],
        {
          env: { ...process.env, NODE_OPTIONS: '' },
        },
      );
      return stdout.trim();
    };

    test('a size, and auto, hold for any command', async () => {
      expect(await heap('--node-heap', '50M')).toBe('--max-old-space-size=50');
      expect(await heap('--node-heap=auto')).toBe('--max-old-space-size=50');
      expect(await heap()).toBe('');
    });

    test('left out, node has one; off, none', async () => {
      const options = ['run', '-m', '100M'];
      const show = [process.execPath, '-p', 'process.env.MEMCAGE_NODE_HEAP'];
      expect((await runCli([...options, ...show])).stdout).toBe('50\n');
      expect((await runCli([...options, '--node-heap', 'off', ...show])).stdout).toBe('undefined\n');
    });

    test('one line on stderr when that was likely the end', async () => {
      const leak = 'const kept = []; for (;;) kept.push({ count: kept.length })';
      const end = await runCli(['run', '-m', '64M', process.execPath, '-e', leak]);
      expect(end).toMatchObject({ code: 134, signal: null, stdout: '', left: [] });
      expect(end.stderr).toContain('JavaScript heap out of memory');
      expect(end.stderr).toMatch(
        /\nmemcage: .*node was ended by SIGABRT, most likely at the limit of its JavaScript heap: 32 MiB, half of the memory limit of 64 MiB\. Cure: a higher --memory, or --node-heap 44M\n$/,
      );
    });

    test('a wrong one is refused', async () => {
      expect(await runCli(['run', '--node-heap', 'much', 'true'])).toMatchObject({ code: 125, stdout: '' });
    });
  });

  test('no line for a SIGKILL that was not for memory, nor for exit code 137', async () => {
    expect(await runCli(['run', '-m', '50M', 'sh', '-c', 'kill -9 $$'])).toMatchObject({ code: 137, stderr: '' });
    expect(await runCli(['run', '-m', '50M', 'sh', '-c', 'exit 137'])).toMatchObject({ code: 137, stderr: '' });
  });
});

describeIf('v2', 'what only v2 has', () => {
  test('--high', async () => {
    const end = await runCli(['run', '-m', '50M', '--high', '20M', 'sh', '-c', showOwn('memory.high')]);
    expect(end).toEqual({ code: 0, signal: null, stdout: '20971520\n', stderr: '', left: [] });
  });

  test('--oom-group: with one, all are killed', async () => {
    const end = await runCli([
      'run',
      '-m',
      '100M',
      '--oom-group',
      'sh',
      '-c',
      '"$0" -e "$1"; exit 3',
      process.execPath,
      HOG,
    ]);
    expect(end).toMatchObject({ code: 137, left: [] });
    // The kernel counts the process that it chose again when it kills the group, unless the process is gone by then.
    expect(end.stderr).toMatch(/^memcage: sh: [23] processes( \(.*\))? were killed for their memory limit of /);
  });
});

describeIf('v2', 'a limit of protection', () => {
  testRows(
    'is written',
    [
      ['--low', 'memory.low'],
      ['--min', 'memory.min'],
    ],
    async ([option, file]) => {
      const end = await runCli(['run', '-m', '50M', option, '10M', 'sh', '-c', showOwn(file)]);
      expect(end).toMatchObject({ code: 0, stdout: '10485760\n', stderr: '' });
    },
  );
});

describeIf('v1', 'what only v1 has', () => {
  test('--swappiness, and --no-oom-kill', async () => {
    const swappiness = await runCli(['run', '--swappiness', '10', 'sh', '-c', showOwn('memory.swappiness')]);
    expect(swappiness).toMatchObject({ code: 0, stdout: '10\n', stderr: '' });
    const waiting = await runCli(['run', '-m', '50M', '--no-oom-kill', 'sh', '-c', showOwn('memory.oom_control')]);
    expect(waiting.stdout).toMatch(/^oom_kill_disable 1$/m);
  });
});

describeIf(['cgroup', 'swap-accounting'], '--swap', () => {
  // v1 limits the sum of memory and swap.
  const [file, base] = version === 1 ? ['memory.memsw.limit_in_bytes', 10 << 20] : ['memory.swap.max', 0];

  testRows(
    'is on top of the memory',
    [
      [[], 0],
      [['--swap', '0'], 0],
      [['--swap', '5M'], 5 << 20],
    ],
    async ([option, swap]) => {
      expect(await runCli(['run', '-m', '10M', ...option, 'sh', '-c', showOwn(file)])).toMatchObject({
        code: 0,
        stdout: `${base + swap}\n`,
      });
    },
  );
});

describeIf(['cgroup', 'refaults'], 'a limit of stalls', () => {
  let livelock: Livelock;
  beforeAll(() => {
    livelock = makeLivelock();
  });
  afterAll(() => livelock.remove());

  test('ends the command, and is told', async () => {
    const json = join(directory, 'stall.json');
    const options = ['-m', `${LIVELOCK_LIMIT}`, '--stall', '600ms', '--outcome', json, '--summary'];
    const end = await runCli(['run', ...options, '--', ...livelock.command()]);
    expect(end).toMatchObject({ code: 137, stdout: '', left: [] });
    expect(end.stderr).toMatch(
      /memcage: \S+: killed: it had got nowhere for \S+ m?s because of memory, and --stall allows 600 ms\n/,
    );
    expect(end.stderr).toMatch(/got nowhere +for .*, the limit is 600 ms: killed\n/);
    const { stalled } = JSON.parse(readFileSync(json, 'utf8')) as { stalled: unknown };
    expect(stalled).toMatchObject({ limitMs: 600, killed: true });
  });

  test('only tells with :event', async () => {
    const end = await runCli(['run', '--stall', '10s:event', '--', 'true']);
    expect(end).toMatchObject({ code: 0, stderr: '' });
  });
});
