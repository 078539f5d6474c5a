import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, startCli } from '../../../support/cli/cli';
import { TerminalSession } from '../../../support/cli/terminal';
import { parseXml } from '../../../support/docs/markup';
import { patience } from '../../../support/patience';
import { isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(120_000));

const MIB = 2 ** 20;
const directory = mkdtempSync(join(tmpdir(), 'memcage-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string): string => join(directory, name);

/** dd reads into one buffer of this size, and needs little else. */
const dd = (mib: number): string[] => ['dd', 'if=/dev/zero', 'of=/dev/null', `bs=${mib}M`, 'count=1'];

describeIf('cgroup', 'memcage size', () => {
  test('finds what a program needs, and draws it', async () => {
    const chart = path('size.svg');
    // With much slack: near the smallest size, the noise of a busy machine would decide.
    const end = await runCli(['size', '--json', '--slack', '1000', '--chart', chart, '--', ...dd(30)]);
    expect(end).toMatchObject({ code: 0, left: [] });
    const { recommended, smallest, tooSmall, runs, command } = JSON.parse(end.stdout);
    expect(command).toEqual(dd(30));
    expect(smallest.bytes).toBeGreaterThan(30 * MIB);
    expect(smallest.bytes).toBeLessThan(36 * MIB);
    expect(tooSmall.bytes).toBeLessThan(smallest.bytes);
    expect(recommended.bytes).toBeGreaterThanOrEqual(1.1 * smallest.bytes);
    expect(recommended.bytes).toBeLessThan(1.2 * smallest.bytes);
    expect(runs.length).toBeLessThanOrEqual(20);
    expect(runs.slice(0, 3)).toEqual(
      [1, 2, 3].map(() => expect.objectContaining({ limitBytes: 'max', judgement: 'well' })),
    );
    expect(runs.some(({ judgement }: { judgement: string }) => judgement !== 'well')).toBe(true);
    const [, first, second, ...each] = end.stderr.split('\n');
    expect(first).toBe(
      'memcage: runs dd without a limit, then with smaller and smaller ones, for at most 1 min, or some five runs if they take longer',
    );
    expect(second).toMatch(/^memcage: without a limit .*, peak .*; about 7 more runs of about .*: about .*/);
    expect(each.length).toBeGreaterThan(3);
    const texts = parseXml(readFileSync(chart, 'utf8')).map(({ text }) => text);
    expect(texts).toContain(`recommended ${recommended.size}`);
    // It is good for memcage run.
    expect(await runCli(['run', '-m', recommended.size, ...dd(30)])).toMatchObject({ code: 0 });
  });

  test('prints a table, and takes little more time than it may where that is enough', async () => {
    // Longer than it may take all in all.
    const slow = ['sh', '-c', `sleep 1.1; ${dd(20).join(' ')}`];
    const { code, stdout, stderr } = await runCli(['size', '--for', '1s', ...slow]);
    const rows = stdout.split('\n').filter((line) => /^ *(none|[\d.]+M) /.test(line));
    // One without a limit, and one for comparison perhaps.
    expect(rows.length).toBeLessThanOrEqual(7);
    expect(stderr).toMatch(/about 3 more runs of about \d+ s: about \d+ s\n/);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /smallest limit: +[\d.]+M, but not at [\d.]+M: to within \d+ % \(--for 5m for a closer one\)/,
    );
    expect(stdout).toMatch(/recommended: +-m [\d.]+M/);
  });

  test('ends a run early that has become too dear', async () => {
    const spins = 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done';
    const limit = '/sys/fs/cgroup/memory$(sed -n s/.*:memory://p /proc/self/cgroup)/memory.limit_in_bytes';
    const max = '/sys/fs/cgroup$(sed -n s/0:://p /proc/self/cgroup)/memory.max';
    // It spins for ever with a limit, as the garbage collector of some does.
    const script = `bytes=$(cat ${limit} 2>/dev/null || cat ${max}); case $bytes in max|9?????????????????*) ${spins};; *) while :; do :; done;; esac`;
    const end = await runCli(['size', '--json', '--for', '1s', 'sh', '-c', script]);
    const { runs } = JSON.parse(end.stdout) as { runs: { isSpent: boolean; judgement: string; limitBytes: unknown }[] };
    const limited = runs.filter(({ limitBytes }) => limitBytes !== 'max');
    expect(limited.length).toBeGreaterThan(0);
    expect(limited.filter(({ isSpent, judgement }) => isSpent && judgement === 'slow').length).toBeGreaterThan(0);
    expect(limited.filter(({ judgement }) => judgement === 'cut')).toEqual([]);
    expect(end).toMatchObject({ code: 125, left: [] });
  });

  test('gives each run the whole stdin, from a file or its own', async () => {
    const file = path('input');
    writeFileSync(file, 'x'.repeat(100_000));
    const script = '[ $(wc -c) = 100000 ]';
    for (const [word, input] of [
      [file, ''],
      ['-', 'x'.repeat(100_000)],
    ] as const) {
      expect(await runCli(['size', '--for', '1s', '--input', word, 'sh', '-c', script], { input })).toMatchObject({
        stderr: expect.stringContaining('more runs of about'),
        left: [],
      });
    }
    const empty = await runCli(['size', '--for', '1s', '--exit-code', '0', 'sh', '-c', '[ $(wc -c) = 0 ]'], {
      input: 'x',
    });
    expect(empty.stderr).toContain('the stdin of each run is empty');
    expect(empty.stderr).toContain('more runs of about');
  });

  test('a program that fails without a limit ends it, with its exit code', async () => {
    const end = await runCli(['size', 'sh', '-c', 'echo why >&2; exit 7']);
    expect(end).toMatchObject({ code: 7, stdout: '', left: [] });
    expect(end.stderr).toContain('it ended with exit code 7: --exit-code 7 if it runs well so; --show-output shows');
    expect(end.stderr).not.toContain('why');
    const shown = await runCli(['size', '--show-output', 'sh', '-c', 'echo out; echo why >&2; kill -TERM $$']);
    expect(shown).toMatchObject({ code: 143, stdout: '' });
    expect(shown.stderr).toMatch(/out\nwhy\n.*SIGTERM ended it/);
    expect(await runCli(['size', path('nothing')])).toMatchObject({ code: 127, stdout: '', left: [] });
    expect((await runCli(['size', '--exit-code', '7', '--for', '1s', 'sh', '-c', 'exit 7'])).stderr).toContain(
      'more runs of about',
    );
  });

  test('ends a program that gets nowhere at a limit', async () => {
    // With less than the buffer, it waits for ever instead of being killed.
    const script = `head -c 30M /dev/zero | tail -c 20M > /dev/null || exec sleep 1000`;
    const end = await runCli(['size', '--json', '--for', '1s', 'sh', '-c', script]);
    expect(end.left).toEqual([]);
    const { runs } = JSON.parse(end.stdout) as { runs: { judgement: string }[] };
    expect(runs.length).toBeLessThanOrEqual(20);
    expect(runs.every(({ judgement }) => ['well', 'killed', 'cut', 'slow'].includes(judgement))).toBe(true);
  });

  test('what only the clock has cut is done again, and a run for comparison that fails is none', async () => {
    const counter = path('runs');
    // Only the runs without a limit need memory: none at a limit is killed.
    const script = `
      echo >> '${counter}'
      case $(wc -l < '${counter}') in
        [123]) head -c 20M /dev/zero | tail -c 20M > /dev/null;;
        4) exec sleep 1000;;
        5) exit 3;;
      esac`;
    const end = await runCli(['size', '--json', 'sh', '-c', script]);
    const { runs } = JSON.parse(end.stdout) as { runs: { judgement: string; limitBytes: unknown }[] };
    const [control, cut, again] = runs.slice(3);
    expect(control).toMatchObject({ judgement: 'failed', limitBytes: 'max' });
    expect(cut?.judgement).toBe('cut');
    expect(again).toMatchObject({ judgement: 'well', limitBytes: cut?.limitBytes });
    expect(end.left).toEqual([]);
  });

  test('a signal ends the program too, and nothing is left', async () => {
    const file = path('pid');
    const cli = startCli(['size', 'sh', '-c', `echo $$ > '${file}'; exec sleep 1000`]);
    await until('the program runs', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(file, 'utf8'));
    cli.process.kill('SIGINT');
    const end = await cli.end;
    expect(end).toMatchObject({ code: 130, stdout: '', left: [] });
    await until('the program has ended', () => !isAlive(pid));
  });

  test('a signal leaves no half line in the terminal', async () => {
    const terminal = TerminalSession.memcage(['size', 'sleep', '1000']);
    try {
      await terminal.shows('memcage: no limit, ');
      await terminal.signal('SIGTERM');
      expect(await terminal.end()).toMatchObject({ code: 143 });
      const lines = (await terminal.screen()).filter((line) => line !== '');
      expect(lines.join('')).toMatch(
        /^memcage: runs sleep without a limit, .*, for at most 1 min, or some five runs if they take longer$/,
      );
    } finally {
      await terminal.close();
    }
  });

  test('a chart that can not be written does not lose the result', async () => {
    const full = path('full.svg');
    symlinkSync('/dev/full', full);
    const { code, stdout, stderr } = await runCli(['size', '--json', '--for', '1s', '--chart', full, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('ENOSPC');
    expect(JSON.parse(stdout).runs.length).toBeGreaterThanOrEqual(3);
  });

  test('an input that can not be read is refused before anything runs', async () => {
    const file = path('ran');
    for (const [input, message] of [
      [directory, '--input needs a file'],
      [path('nothing'), 'no such file'],
    ] as const) {
      const end = await runCli(['size', '--input', input, 'touch', file]);
      expect(end).toMatchObject({ code: 125, stdout: '', stderr: expect.stringContaining(message) });
    }
    expect(existsSync(file)).toBe(false);
  });
});
