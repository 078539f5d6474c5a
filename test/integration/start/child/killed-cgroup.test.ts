import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCage, run } from 'memcage';
import { cgroupOf, makeCgroup, version, write } from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

const KILL = 'cgroup.kill';
const RUN = `
  const [, parent] = process.argv;
  require('memcage').run('true', { memory: '8M', ...(parent && { parent }) }).then(({ exitCode }) => console.log(exitCode));
`;

/** Runs a child in a process that is in this cgroup. */
function runIn(cgroup: string, parent = ''): string {
  const script = 'echo 0 > "$1/cgroup.procs" && exec "$2" -e "$3" "$4"';
  return execFileSync('sh', ['-c', script, 'sh', cgroup, process.execPath, RUN, parent], { encoding: 'utf8' });
}

// Since Linux 6.14 the kernel kills what is cloned into a cgroup, if that of one of the two was killed as a whole before.
describeIf(['cgroup', 'root', 'unified'], 'a child starts although a cgroup was killed as a whole before:', () => {
  let groups: ReturnType<typeof makeCgroup>[];
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });
  beforeEach(() => {
    groups = [];
  });
  afterEach(() => {
    for (const { remove } of groups) remove();
  });
  const make = (controller: 'memory' | 'unified'): string => {
    const group = makeCgroup(undefined, controller);
    groups.push(group);
    return group.path;
  };

  test('that of the process', () => {
    const killed = make('unified');
    if (existsSync(join(killed, KILL))) write(killed, KILL, '1');
    expect(runIn(killed, make('memory'))).toBe('0\n');
    // On v2 it makes cgroups of its own below.
    if (version === 1) expect(runIn(killed)).toBe('0\n');
  });

  test('that of its shared cage', async () => {
    await using cage = createCage({ memory: '50M' });
    const children = [1, 2].map(() => cage.spawn('cat'));
    const leaf = cgroupOf(children[0]?.pid ?? 0, 'unified');
    // By then, a leaf has been made ahead.
    await new Promise((resolve) => setTimeout(resolve, patience(50)));
    if (existsSync(join(leaf, KILL))) write(dirname(leaf), KILL, '1');
    else for (const child of children) child.kill('SIGKILL');
    for (const { outcome } of children) expect(await outcome).toMatchObject({ signal: 'SIGKILL' });
    expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
    await until('the leaves are gone', () => !existsSync(leaf));
  });
});
