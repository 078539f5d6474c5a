import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CloneOptions, native } from 'memcage/native';
import { startFixture } from '../../support/fixture';
import { cloneTwice, RAN, twice } from '../../support/native/clone-fixture';
import { cloneOptions } from '../../support/native/native-child';
import { STARTER } from '../../support/native/starter';
import { patience } from '../../support/patience';
import { endNow, isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

const { CLONE_NEWPID, CLONE_NEWUSER } = native.constants;

/** The pid of a child whose parent is alive, and the parent. */
async function startFamily(
  options: Partial<CloneOptions>,
): Promise<{ child: number; parent: number; end: Promise<unknown> }> {
  const complete = cloneOptions({ file: '/bin/sleep', args: ['sleep', '60'], ...options });
  const fixture = startFixture('native/parent.js', { options: complete });
  const [line] = (await once(fixture.process.stdout ?? fixture.process, 'data')) as [Buffer];
  const { pid } = JSON.parse(line.toString()) as { pid: number };
  return { child: pid, parent: fixture.pid, end: fixture.end };
}

describeIf(['root', 'userns'], 'killWithParent', () => {
  const cases: [what: string, options: Partial<CloneOptions>][] = [
    ['plainly', {}],
    ['by the starter', { starter: STARTER }],
    ['as another user', { starter: STARTER, uid: 65534, gid: 65534 }],
    ['in a session of its own', { detached: true }],
    ['in a PID namespace', { namespaces: CLONE_NEWPID }],
    ['in a user namespace', { namespaces: CLONE_NEWUSER, idMaps: { uidMap: '0 0 1', gidMap: '0 0 1' } }],
  ];

  testRows('a parent killed by SIGKILL takes the child along, however it was started', cases, async ([, options]) => {
    const { child, parent, end } = await startFamily({ ...options, killWithParent: true });
    expect(isAlive(child)).toBe(true);
    endNow(parent);
    await end;
    await until('the end of the child', () => !isAlive(child));
  });

  test('holds for a child whose fds have the numbers of all that its parent has open', async () => {
    // Nothing, and a file that is always ready: both would look like the end of the parent.
    for (const fd of [-1, 0]) {
      const stdio = Array.from({ length: 200 }, () => fd);
      const report = await cloneTwice({ options: { stdio, killWithParent: true } });
      expect(report).toEqual(twice(RAN));
    }
    const stdio = Array.from({ length: 200 }, () => 0);
    const { child, parent, end } = await startFamily({ stdio, killWithParent: true });
    expect(isAlive(child)).toBe(true);
    endNow(parent);
    await end;
    await until('the end of the child', () => !isAlive(child));
  });

  test('false lets the child live on', async () => {
    const { child, parent, end } = await startFamily({ killWithParent: false });
    try {
      endNow(parent);
      await end;
      await sleep(patience(200));
      expect(isAlive(child)).toBe(true);
    } finally {
      endNow(child);
    }
    await until('the end of the child', () => !isAlive(child));
  });
});
