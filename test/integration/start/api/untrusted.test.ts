import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBudget,
  createCage,
  createLauncher,
  type LauncherOptions,
  type RunOptions,
  run,
  spawnSync,
  whyUnsupported,
} from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const UNTRUSTED = { untrusted: true, memory: '128M' } as const;
const sh = async (script: string, options: RunOptions = {}): Promise<string> =>
  (await run('sh', ['-c', script], { ...UNTRUSTED, ...options })).stdout.trim();

describeIf(['cgroup', 'root', 'root-read-only', 'pids', 'seccomp'], 'untrusted', () => {
  expectNothingLeft(() => run('true', UNTRUSTED));

  testRows<[what: string, script: string, told: string | RegExp]>(
    'what the program has',
    [
      ['only the files of the system', 'echo /*', /^\/bin \/dev \/etc (\/lib\w* )+\/proc \/sbin \/tmp \/usr$/],
      ['nothing of /etc that is secret', 'cd /etc; echo *', /^(alternatives )?ld.so.cache$/],
      ['no variables', 'env | cut -d= -f1 | sort | xargs', 'HOME LANG PATH PWD'],
      ['nothing to write to', 'for d in / /etc /usr; do touch $d/x 2>/dev/null && echo $d; done; touch x; pwd', '/tmp'],
      ['no capabilities', "sed -n 's/^Cap...:\\t0*$/none/p' /proc/self/status | xargs", 'none none none none none'],
      ['a filter', "sed -nE 's/^(NoNewPrivs|Seccomp):\\t//p' /proc/self/status | xargs", '1 2'],
      ['no network', 'tail -n +3 /proc/net/dev | cut -d: -f1 | xargs', 'lo'],
      ['no other processes', 'echo /proc/[0-9]*', '/proc/1 /proc/2'],
      ['a host name', 'uname -n', 'untrusted'],
      ['limits of resources', 'echo $(ulimit -n) $(ulimit -c) $(ulimit -f)', /^256 0 (131072|65536)$/],
      ['a user that nobody is', 'id -u; id -g', /^(1[89]|2[01])(\d{8})\n\1\2$/],
      ['no terminal', 'echo > /dev/tty && ls -l /dev/tty', /1, +3 .*\/dev\/tty$/],
    ],
    async ([, script, told]) => {
      expect(await sh(script)).toEqual(typeof told === 'string' ? told : expect.stringMatching(told));
    },
    { name: ([what]) => what },
  );

  test('each program is a user of its own', async () => {
    const ids = await Promise.all([sh('id -u'), sh('id -u'), sh('id -u')]);
    expect(new Set(ids).size).toBe(3);
  });

  test('each part can be changed beside it', async () => {
    const script = 'id -u; uname -n; ulimit -n; cat /job/file; echo $KEY; pwd; tail -n +3 /proc/net/dev | wc -l';
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    try {
      chmodSync(directory, 0o755);
      writeFileSync(join(directory, 'file'), 'here\n', { mode: 0o644 });
      const output = await sh(script, {
        uid: 1000,
        gid: 1000,
        rlimits: { nofile: 99 },
        namespaces: { uts: { hostname: 'other' }, net: false },
        root: { binds: [{ source: directory, target: '/job', readOnly: true }] },
        env: { KEY: 'value', PATH: '/usr/bin:/bin' },
        cwd: '/job',
      });
      expect(output).toMatch(/^1000\nother\n99\nhere\nvalue\n\/job\n[1-9]\d*$/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('the program’s own file is there, wherever it is', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    try {
      chmodSync(directory, 0o755);
      const program = join(directory, 'program');
      writeFileSync(program, '#!/bin/sh\necho "$0"; ls $(dirname "$0")', { mode: 0o755 });
      writeFileSync(join(directory, 'secret'), 'secret');
      expect((await run(program, UNTRUSTED)).stdout).toBe(`${program}\nprogram\n`);
      expect((await run(process.execPath, ['-p', 'process.getuid() > 0'], UNTRUSTED)).stdout).toBe('true\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  testRows<[what: string, script: string, options: RunOptions, message: RegExp]>(
    'ends at its limits',
    [
      ['time', 'trap "" TERM; sleep 60', { timeout: 500 }, /did not end within 500 ms/],
      ['processor time', 'while :; do :; done', { cpuTimeMs: 300 }, /had used .* of processor time/],
      ['memory', 'tail /dev/zero', { memory: '32M' }, /memory limit of 32 MiB/],
      ['a file', 'head -c 2M /dev/zero >/tmp/x', { rlimits: { fsize: '1M' } }, /fsize|SIGXFSZ|exit code 1/],
    ],
    async ([, script, options, message]) => {
      await expect(sh(script, options)).rejects.toThrow(message);
    },
    { name: ([what]) => what },
  );

  test('a fork bomb stays in its cage', async () => {
    const { limits } = await run('sh', ['-c', 'b() { b | b & }; b; sleep 1'], {
      ...UNTRUSTED,
      reject: false,
      timeout: 3000,
    });
    expect(limits.pids).toMatchObject({ limit: 64, limitHits: expect.any(Number) });
  });

  test('in a cage, a context and a budget; the limit of memory may be theirs', async () => {
    const cage = createCage({ memory: '128M', rlimits: { nofile: 64 } });
    const unlimited = createCage({ pids: 99 });
    const budget = createBudget({ memory: '256M' });
    try {
      const args = ['-c', 'id -u >&2; ulimit -n'];
      const outputs = [
        await cage.run('sh', args, { untrusted: true }),
        await cage.contain(() => run('sh', args, { untrusted: true })),
        await budget.run('sh', args, UNTRUSTED),
        spawnSync('sh', args, { ...UNTRUSTED, encoding: 'utf8' }),
      ];
      expect(outputs.map(({ stdout }) => stdout)).toEqual(['64\n', '64\n', '256\n', '256\n']);
      for (const { stderr } of outputs) expect(Number(stderr)).toBeGreaterThan(1e9);
      await expect(unlimited.run('true', { untrusted: true })).rejects.toThrow('needs a limit of memory');
    } finally {
      await Promise.all([cage.close(), unlimited.close(), budget.close()]);
    }
  });

  test('is refused where a part would be missing', async () => {
    await expect(run('true', { untrusted: true })).rejects.toMatchObject({ option: 'memory' });
    await expect(run('true', { ...UNTRUSTED, enforce: 'polled' })).rejects.toMatchObject({ option: 'enforce' });
    await expect(run('true', { ...UNTRUSTED, untrusted: 1 as unknown as true })).rejects.toMatchObject({
      option: 'untrusted',
    });
    // A launcher has no ids, no directory and no variables to give.
    expect(() => createLauncher(UNTRUSTED as LauncherOptions)).toThrow('Cure: give it to spawn()');
    expect(whyUnsupported(UNTRUSTED)).toBeNull();
    const missing = { ...UNTRUSTED, root: { binds: [{ source: '/no/such', target: '/x' }] } };
    expect(whyUnsupported(missing)).toMatchObject({ code: 'ERR_MEMCAGE_MOUNT' });
  });
});
