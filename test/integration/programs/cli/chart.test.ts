import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, startCli } from '../../../support/cli/cli';
import { type Element, parseXml } from '../../../support/docs/markup';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

/** Allocates memory step by step, so that there is something to see. */
const HOG = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(4 << 20, 1)), 20);';
const directory = mkdtempSync(join(tmpdir(), 'memcage-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

const texts = (elements: readonly Element[]): string[] =>
  elements.filter(({ name }) => name === 'text').map(({ text }) => text);
const corners = (elements: readonly Element[]): number => {
  const usage = elements.find(({ attributes }) => attributes['class']?.startsWith('usage'));
  return usage?.attributes['d']?.split('L').length ?? 0;
};

describeIf('cgroup', '--chart', () => {
  test('draws a run that memory has killed', async () => {
    const file = join(directory, 'killed.svg');
    const end = await runCli(['run', '-m', '100M', '--chart', file, process.execPath, '-e', HOG]);
    expect(end).toMatchObject({ code: 137, stdout: '', left: [] });
    expect(end.stderr).toMatch(/^memcage: .* killed for its memory limit of .*\n$/);
    const elements = parseXml(readFileSync(file, 'utf8'));
    const shown = texts(elements);
    expect(shown).toEqual(expect.arrayContaining(['OOM kill', 'anon: heaps, stacks', 'limit']));
    expect(shown.filter((text) => text === '100 MiB').length).toBeGreaterThanOrEqual(2);
    expect(shown.join(' ')).toContain(' was killed for its memory limit of 100 MiB.');
    expect(corners(elements)).toBeGreaterThan(3);
    expect(elements.some(({ attributes }) => attributes['class'] === 'kill-line')).toBe(true);
  });

  test('draws a page, with the figures as a table', async () => {
    const file = join(directory, 'page.html');
    const end = await runCli(['run', '--chart', file, 'sh', '-c', 'sleep 0.2; exit 4', '<b>']);
    expect(end).toMatchObject({ code: 4, stderr: '', left: [] });
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(page).toContain('Exit code 4');
    expect(page).toContain('&#60;b&#62;');
    expect(page).not.toContain('<b>');
    expect(page).toMatch(/<th scope="row">page faults<\/th><td>[\d,]+ minor/);
  });

  test('a run that is too short for a sample is a chart as well', async () => {
    const file = join(directory, 'short.svg');
    expect(await runCli(['run', '-m', '50M', '--chart', file, 'true'])).toMatchObject({ code: 0, stderr: '' });
    expect(texts(parseXml(readFileSync(file, 'utf8')))).toContain('Exit code 0.');
  });

  test('a command that is not there: it says so', async () => {
    const file = join(directory, 'missing.svg');
    expect(await runCli(['run', '--chart', file, 'no-such-command'])).toMatchObject({ code: 127 });
    expect(texts(parseXml(readFileSync(file, 'utf8'))).join(' ')).toContain('Could not be started: ENOENT');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('is there after %s to memcage', async (signal) => {
    const file = join(directory, `${signal}.svg`);
    const cli = startCli(['run', '-m', '50M', '--chart', file, 'sh', '-c', 'echo started; exec sleep 300']);
    await until('the command runs', () => cli.stdout() === 'started\n');
    cli.process.kill(signal);
    expect(await cli.end).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143, left: [] });
    expect(texts(parseXml(readFileSync(file, 'utf8')))).toContain(`Ended by ${signal}.`);
  });

  test.each([
    [
      '/no/such/directory/chart.svg',
      /^memcage: --chart \/no\S+ can't be written: ENOENT: [^,]*\. Cure: mkdir -p \/no\/such\/directory\n$/,
    ],
    [
      join(directory, 'chart.png'),
      /^memcage: --chart is a file whose name ends in \.svg, \.html or \.htm, not '.*' .*\n$/,
    ],
  ])('%s: the command is not run', async (file, message) => {
    const mark = join(directory, 'was-run');
    const end = await runCli(['run', '--chart', file, 'touch', mark]);
    expect(end).toMatchObject({ code: 125, stdout: '', left: [] });
    expect(end.stderr).toMatch(message);
    expect(existsSync(mark)).toBe(false);
  });
});
