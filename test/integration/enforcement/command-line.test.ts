import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withReadOnlyCgroups } from '../../support/cgroups/read-only-cgroups';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

jest.setTimeout(patience(60_000));

const MAIN = join(__dirname, '../../../dist/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'memcage-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

function runReadOnly(...words: string[]) {
  const [file = '', ...args] = withReadOnlyCgroups([process.execPath, MAIN, 'run', '-m', '50M', ...words]);
  return spawnSync(file, args, {
    encoding: 'utf8',
    // The command line has it from its flag alone.
    env: { ...process.env, MEMCAGE_ENFORCE: 'polled' },
    timeout: patience(60_000),
    killSignal: 'SIGKILL',
  });
}

describeIf(['linux', 'root', 'cgroup'], 'memcage run where cgroups are read-only', () => {
  testRows('fails', [[], ['--enforce', 'kernel']], (options) => {
    const { status, stdout, stderr } = runReadOnly(...options, 'echo', 'ran');
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/read-only[\s\S]*memcage can poll the limit \(--enforce\): look at the processes/);
  });

  testRows('runs where less than the kernel is accepted, and says so', ['polled', 'none'], (accepted) => {
    const [outcome, chart] = [join(directory, 'outcome.json'), join(directory, 'chart.svg')];
    const reports = ['--outcome', outcome, '--chart', chart, '--summary'];
    const { status, stdout, stderr } = runReadOnly('--enforce', accepted, ...reports, 'echo', 'ran');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' });
    expect(stderr).toMatch(/^memcage: The limits were polled, since the kernel could not hold them: .*read-only/s);
    expect(stderr).toMatch(/^ {2}limit +50 MiB$/m);
    expect(JSON.parse(readFileSync(outcome, 'utf8'))).toMatchObject({ exitCode: 0, enforcedBy: { kind: 'polled' } });
    expect(readFileSync(chart, 'utf8')).toContain('</svg>');
  });

  test('polls its limit', () => {
    const { status, stderr } = runReadOnly('--enforce', 'polled', process.execPath, '-e', 'Buffer.alloc(1 << 30, 1)');
    expect(status).toBe(137);
    expect(stderr).toContain('was killed for a memory limit of 50 MiB that memcage polls');
  });
});
