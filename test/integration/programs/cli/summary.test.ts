import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(60_000));

const HOG = 'Buffer.alloc(1 << 30, 1)';
const directory = mkdtempSync(join(tmpdir(), 'memcage-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** The rows of the table, by name. */
function rowsOf(stderr: string): Record<string, string> {
  const rows = [...stderr.matchAll(/^ {2}(\S+(?: \S+)?) {2,}(.*)$/gm)];
  return Object.fromEntries(rows.map(([, name, value]) => [name ?? '', value ?? '']));
}

describeIf('cgroup', '--summary', () => {
  test('tells the figures of a run on stderr, after what the command has written', async () => {
    const end = await runCli([
      'run',
      '-m',
      '64M',
      '--summary',
      'sh',
      '-c',
      `echo out; echo err >&2; sleep ${patience(100) / 1000}; exit 3`,
    ]);
    expect(end).toMatchObject({ code: 3, signal: null, stdout: 'out\n', left: [] });
    expect(end.stderr).toMatch(/^err\nmemcage: sh\n {2}peak /);
    const rows = rowsOf(end.stderr);
    expect(rows).toMatchObject({
      limit: '64 MiB',
      'limit hits': '0',
      'OOM kills': 'none',
      'exit status': 'Exit code 3',
    });
    expect(rows['peak']).toMatch(version === 1 ? /^[\d.]+ [KM]iB \(\d+\.\d % of the limit\)$/ : /./);
    expect(rows['time']).toMatch(/^[\d.]+ m?s \(user [\d.]+ m?s, system [\d.]+ m?s\)$/);
    expect(rows['page faults']).toMatch(/^[\d,]+ minor, [\d,]+ major$/);
    expect(rows['processes']).toMatch(/^at least [12] at once$/);
    expect(rows['stalled']).toMatch(
      version === 1
        ? /^not measured on cgroup v1$/
        : /^([\d.]+ m?s for want of memory, .*|not measured by this kernel)$/,
    );
    expect(end.stderr).not.toContain('\x1b');
  });

  test('of a kill for memory: whose limit it was', async () => {
    const json = join(directory, 'killed.json');
    const end = await runCli(['run', '-m', '100M', '--summary', '--outcome', json, process.execPath, '-e', HOG]);
    expect(end).toMatchObject({ code: 137, left: [] });
    const rows = rowsOf(end.stderr);
    expect(rows).toMatchObject({
      'OOM kills': expect.stringMatching(/^.+ was killed for its memory limit of 100 MiB$/) as string,
      'exit status': 'Ended by SIGKILL',
    });
    expect(rows['limit hits']).toMatch(
      version === 1 ? /^(at least 1; this kernel does not count them|[\d,]+)$/ : /^[1-9]/,
    );
    const { memory } = JSON.parse(readFileSync(json, 'utf8')) as { memory: { details: object } };
    expect(memory.details).toHaveProperty('limitHits');
  });

  test('without a limit there is none to be hit', async () => {
    const rows = rowsOf((await runCli(['run', '--summary', 'true'])).stderr);
    expect(rows).toMatchObject({ limit: 'none' });
    expect(rows).not.toHaveProperty('limit hits');
  });

  test('a command that is not there has none', async () => {
    const end = await runCli(['run', '--summary', 'no-such-command']);
    expect(end).toMatchObject({ code: 127, left: [] });
    expect(end.stderr).toMatch(/^memcage: can't run 'no-such-command': .*\n$/);
  });
});

describeIf('v2', '--summary with --high', () => {
  test('tells it, and how often it was exceeded', async () => {
    // Hardly above it: the kernel makes the process wait the longer the farther it is above, for up to two seconds each time.
    const command = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=16M', 'count=1'];
    const end = await runCli(['run', '-m', '64M', '--high', '16M', '--summary', ...command]);
    expect(rowsOf(end.stderr)['high']).toMatch(/^16 MiB, exceeded (once|[\d,]+ times)$/);
  });
});
