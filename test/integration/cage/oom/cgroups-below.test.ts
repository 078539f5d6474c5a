import { spawn as spawnStock } from 'node:child_process';
import { once } from 'node:events';
import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, type Outcome, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { allocate } from '../../../support/cage-kinds';
import { OWN_CGROUP_IN_SHELL } from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

const memory = '16M';

/** Moves to a cgroup that it makes below its own, without a limit, and uses too much there. */
const OUTGROW = `${OWN_CGROUP_IN_SHELL}
  mkdir "$own/below" && echo $$ >"$own/below/cgroup.procs" && exec ${allocate(60)}`;

async function inSharedCage(): Promise<Outcome> {
  await using cage = createCage({ memory });
  return await cage.spawn('sh', ['-c', OUTGROW]).outcome;
}

async function inCageWithin(): Promise<Outcome> {
  await using cage = createCage({ memory: '64M' });
  return await cage.spawn('sh', ['-c', OUTGROW], { memory }).outcome;
}

// Before Linux 5.11, a cgroup of v1 may leave out what those below it use.
describeIf('cgroup', 'a limit holds for cgroups that the child makes below', () => {
  expectNothingLeft(() => spawn('true', { memory }).outcome);

  testRows<[name: string, start: () => Promise<Outcome>]>(
    'of a cage',
    [
      ['in a private cage', () => spawn('sh', ['-c', OUTGROW], { memory }).outcome],
      ['detached', () => spawn('sh', ['-c', OUTGROW], { memory, detached: true }).outcome],
      ['in a shared cage', inSharedCage],
      ['in a cage within another', inCageWithin],
    ],
    async ([, start]) => {
      expect(await start()).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'limit', kills: 1 } });
    },
    { name: ([name]) => name },
  );

  test('in a cgroup of its own', async () => {
    using cgroup = Cgroup.create(`memcage-test-below-${process.pid}`, { memory });
    try {
      const child = spawnStock('sh', ['-c', `read -r _; ${OUTGROW}`], { stdio: ['pipe', 'ignore', 'inherit'] });
      cgroup.add(child.pid ?? 0);
      child.stdin.end('go\n');
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    } finally {
      rmdirSync(join(cgroup.path, 'below'));
      await cgroup.remove();
    }
  });
});
