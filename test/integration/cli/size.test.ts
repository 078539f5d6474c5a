import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, startCli } from '../../support/cli';
import { parseXml } from '../../support/markup';
import { patience } from '../../support/patience';
import { isAlive } from '../../support/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

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
    const end = await runCli(['size', '--json', '--chart', chart, '--', ...dd(30)]);
    expect(end).toMatchObject({ code: 0, left: [] });
    const { recommended, smallest, tooSmall, runs, command } = JSON.parse(end.stdout);
    expect(command).toEqual(dd(30));
    expect(smallest.bytes).toBeGreaterThan(30 * MIB);
    expect(smallest.bytes).toBeLessThan(36 * MIB);
    expect(tooSmall.bytes).toBeLessThan(smallest.bytes);
    expect(recommended.bytes).toBeGreaterThanOrEqual(1.1 * smallest.bytes);
    expect(recommended.bytes).toBeLessThan(1.2 * smallest.bytes);
    expect(runs.length).toBeLessThanOrEqual(16);
    expect(runs.slice(0, 3)).toEqual(
      [1, 2, 3].map(() => expect.objectContaining({ limitBytes: 'max', judgement: 'well' })),
    );
    expect(runs.some(({ judgement }: { judgement: string }) => judgement !== 'well')).toBe(true);
    expect(end.stderr).toMatch(/up to 13 runs follow/);
    const texts = parseXml(readFileSync(chart, 'utf8')).map(({ text }) => text);
    expect(texts).toContain(`recommended ${recommended.size}`);
    // It is good for memcage run.
    expect(await runCli(['run', '-m', recommended.size, ...dd(30)])).toMatchObject({ code: 0 });
  });

  test('prints a table, with as many runs as it may have', async () => {
    const { code, stdout } = await runCli(['size', '--runs', '6', ...dd(20)]);
    const rows = stdout.split('\n').filter((line) => /^ *(none|[\d.]+M) /.test(line));
    expect(rows.length).toBeLessThanOrEqual(6);
    expect([code, /recommended: +-m [\d.]+M/.test(stdout)]).toEqual(code === 0 ? [0, true] : [125, false]);
  });

  test('gives each run the whole stdin, from a file or its own', async () => {
    const file = path('input');
    writeFileSync(file, 'x'.repeat(100_000));
    const script = '[ $(wc -c) = 100000 ]';
    for (const [word, input] of [
      [file, ''],
      ['-', 'x'.repeat(100_000)],
    ] as const) {
      expect(await runCli(['size', '--runs', '5', '--input', word, 'sh', '-c', script], { input })).toMatchObject({
        stderr: expect.stringContaining('up to 2 runs'),
        left: [],
      });
    }
    const empty = await runCli(['size', '--runs', '5', '--exit-code', '0', 'sh', '-c', '[ $(wc -c) = 0 ]'], {
      input: 'x',
    });
    expect(empty.stderr).toContain('the stdin of each run is empty');
    expect(empty.stderr).toContain('up to 2 runs');
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
    expect((await runCli(['size', '--exit-code', '7', '--runs', '5', 'sh', '-c', 'exit 7'])).stderr).toContain(
      'up to 2 runs',
    );
  });

  test('ends a program that gets nowhere at a limit', async () => {
    // With less than the buffer, it waits for ever instead of being killed.
    const script = `head -c 30M /dev/zero | tail -c 20M > /dev/null || exec sleep 1000`;
    const end = await runCli(['size', '--json', '--runs', '8', 'sh', '-c', script]);
    expect(end.left).toEqual([]);
    const { runs } = JSON.parse(end.stdout) as { runs: { judgement: string }[] };
    expect(runs.length).toBeLessThanOrEqual(8);
    expect(runs.every(({ judgement }) => ['well', 'killed', 'cut', 'slow'].includes(judgement))).toBe(true);
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

  test('what makes no sense is refused before anything runs', async () => {
    const file = path('ran');
    for (const [words, message] of [
      [['--runs', '4'], '--runs is an integer from 5 to 100'],
      [['--slack', 'x'], '--slack is an integer from 0 to 1000'],
      [['--exit-code', '256'], '--exit-code is an integer from 0 to 255'],
      [['--chart', 'x.png'], '--chart needs a file whose name ends in .svg or .html'],
      [['--input', directory], '--input needs a file'],
      [['--input', path('nothing')], 'no such file'],
      [['--swap', 'x'], '--swap'],
      [['--stall', '5s'], "Unknown option '--stall' of size"],
      [['-m', '1G'], "Unknown option '-m' of size"],
    ] as const) {
      const end = await runCli(['size', ...words, 'touch', file]);
      expect(end).toMatchObject({ code: 125, stdout: '', stderr: expect.stringContaining(message) });
    }
    expect(existsSync(file)).toBe(false);
  });
});
