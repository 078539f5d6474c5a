import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, run, type SharedCage } from 'memcage';
import { files, members, OWN_CGROUP_IN_SHELL, write } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const MIB = 2 ** 20;
const READ_LIMIT = `${OWN_CGROUP_IN_SHELL}; cat "$own/${files.limit}"`;

function leavesOf({ cgroup }: SharedCage): string[] {
  const entries = readdirSync(cgroup.path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(cgroup.path, name));
}

/** Has a leaf made ahead. */
async function readyLeaf(cage: SharedCage): Promise<string> {
  for (let i = 0; i < 2; i += 1) await cage.run('true');
  await until('a leaf is ready', () => leavesOf(cage).length === 1);
  const [leaf = ''] = leavesOf(cage);
  expect(members(leaf)).toEqual([]);
  return leaf;
}

async function seenLimit(cage: SharedCage): Promise<number> {
  return Number((await cage.run('sh', ['-c', READ_LIMIT])).stdout);
}

describeIf('cgroup', 'if a shared cage starts one child after another', () => {
  let cage: SharedCage;
  expectNothingLeft(() => run('true', { memory: '8M' }));
  beforeEach(() => {
    cage = createCage({ memory: '50M' });
  });
  afterEach(() => cage.close());

  test('the next has its leaf ready', async () => {
    const leaf = await readyLeaf(cage);
    const child = cage.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    expect(members(leaf)).toEqual([child.pid]);
    child.stdin.end();
    await child.outcome;
  });

  test('which has the limit of the cage as it is then, whoever changed it', async () => {
    await readyLeaf(cage);
    cage.setLimits({ memory: '40M' });
    expect(await seenLimit(cage)).toBe(40 * MIB);
    await readyLeaf(cage);
    write(cage.cgroup.path, files.limit, String(30 * MIB));
    expect(await seenLimit(cage)).toBe(30 * MIB);
  });

  test('which need not be there any more', async () => {
    rmdirSync(await readyLeaf(cage));
    expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
  });

  test('and none is left when the cage is closed', async () => {
    await readyLeaf(cage);
    cage.spawn('true');
    await cage.close();
    expect(cage.closed).toBe(true);
  });
});
