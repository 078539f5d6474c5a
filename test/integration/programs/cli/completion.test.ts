import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupOf, makeBelow, openCages, removeTree } from '../../../support/cgroups/cgroup-tree';
import { type Cli, runCli, startCli } from '../../../support/cli/cli';
import { type Completion, makeCompletion } from '../../../support/cli/completion';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const ID = '0123456789abcdef'.repeat(4);
/** Text that a shell must not run. */
const EVIL = 'lxc.payload.$(touch evil) `touch evil`';

describeIf(['cgroup', 'terminal'], 'completion of cgroups', () => {
  let completion: Completion;
  let cli: Cli;
  let cage: string;
  let others: string[] = [];

  beforeAll(async () => {
    completion = makeCompletion();
    const parent = cgroupOf('self');
    others = [makeBelow(parent, `docker-${ID}.scope`), makeBelow(parent, EVIL)];
    cli = startCli(['run', '-m', '50M', 'sh', '-c', 'echo ready; exec sleep 1000']);
    await until('the command is ready', () => cli.stdout().includes('ready'));
    cage = openCages(cli.pid).find((path) => path.startsWith(parent)) ?? '';
  });
  afterAll(async () => {
    cli.process.kill('SIGTERM');
    await cli.end;
    for (const path of others) removeTree(path);
    completion.remove();
  });

  test('ls --targets: cages by their path, containers by their id', async () => {
    const { stdout } = await runCli(['ls', '--targets']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual(expect.arrayContaining([cage, ID.slice(0, 12), EVIL.slice('lxc.payload.'.length)]));
  });

  test('they are offered, and nothing of their names is run', () => {
    expect(completion.inBash('memcage', 'stat', cage.slice(0, -4))).toEqual([cage]);
    expect(completion.inBash('memcage', 'limit', '01234567')).toEqual([ID.slice(0, 12)]);
    expect(completion.inBash('memcage', 'top', '$')).toEqual(['\\$\\(touch\\ evil\\)\\ \\`touch\\ evil\\`']);
    expect(existsSync(join(completion.directory, 'evil'))).toBe(false);
  });

  describeIf('fish', 'in fish', () => {
    test('they are offered', () => {
      const { directory, env } = completion;
      const script = `source '${directory}/fish'; complete -C 'memcage stat 01234567'`;
      expect(execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env }).trim()).toBe(
        ID.slice(0, 12),
      );
    });
  });
});
