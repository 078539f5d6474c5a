import { dirname, join } from 'node:path';
import { Cgroup } from 'memcage/cgroup';
import { type Answer, memory, type Self } from '../../support/engines/container-view';
import { runInContainer, whileContainerRuns } from '../../support/engines/runc';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const MIB = 2 ** 20;
const ID = '9c1e7a30b58d4f26a7c0e3d91b64f82a5d07c9e1364b8fa2d5e07196c3b8a4f1';
const POD = '1f0c9a52-7b3e-4d18-9c60-5a2b8e7f4d31';
const ROOT = join(__dirname, '../../..');
const LOOK = join(ROOT, 'test/fixtures/container/look.js');

describeIf(['linux', 'root', 'runc'], 'in a real container', () => {
  const node = dirname(dirname(process.execPath));

  const cgroup = `memcage-test-${process.pid}-runc/docker/${ID}`;

  async function look(cgroupNamespace: boolean, files: readonly string[], questions: readonly (readonly unknown[])[]) {
    const stdout = await runInContainer(
      `memcage-test-${process.pid}`,
      [process.execPath, LOOK, JSON.stringify(questions)],
      {
        shared: [ROOT, node],
        files,
        limitBytes: 300 * MIB,
        cgroup,
        cgroupNamespace,
      },
    );
    return JSON.parse(stdout) as Answer<unknown>[];
  }

  // On v2 always with one: a mount from the machine's namespace would change the options of the machine's own mount
  // (nsdelegate).
  const kinds: [string, boolean][] = [['with a cgroup namespace', true]];
  if (memory.version === 1) kinds.push(['without one', false]);

  test.each(kinds)('reading works %s, and creating says what to do', async (_, cgroupNamespace) => {
    const questions = [['self'], ['create', 'inner'], ['run', { memory: '50M' }]];
    const [self, create, run] = await look(cgroupNamespace, ['.dockerenv'], questions);
    const value = (self as Answer<Self>).value;
    expect(self).toEqual({
      value: expect.objectContaining({ path: memory.mountPoint, limits: expect.objectContaining({ max: 300 * MIB }) }),
    });
    expect(value?.usage.usageBytes).toBeGreaterThan(MIB);
    expect(value?.peak).toBeGreaterThan(MIB);
    expect(value?.effective).toMatchObject({
      maxBytes: 300 * MIB,
      maxBy: 'cgroup',
      maxPath: memory.mountPoint,
      complete: memory.version === 1,
    });
    const refused = {
      error: expect.objectContaining({
        // v2: memcage looked at every candidate and found no parent.
        code: `ERR_MEMCAGE_${memory.version === 1 ? 'NO_PERMISSION' : 'NO_PARENT'}`,
        message: expect.stringMatching(/read-only in a Docker container: start it with/),
      }),
    };
    expect([create, run]).toEqual([refused, refused]);
  });

  test('a container and its pod are found from outside, as the kubelet lays them out', async () => {
    const top = join(memory.own, `memcage-test-${process.pid}-runc`);
    const pod = `kubepods/besteffort/pod${POD}`;
    const container = { limitBytes: 50 * MIB, cgroupNamespace: true, shared: [] };
    const runs = { ...container, cgroup: `memcage-test-${process.pid}-runc/${pod}/${ID}` };
    await whileContainerRuns(`memcage-test-${process.pid}`, ['sleep', '600'], runs, async () => {
      for (const wanted of [ID, ID.slice(0, 12)]) {
        using found = Cgroup.find(wanted);
        expect(found.path).toBe(join(top, pod, ID));
        expect(found.limits().max).toBe(50 * MIB);
        // Before that, the process is still runc.
        await until('started', () => found.processes()[0]?.name === 'sleep');
        expect(found.processes()).toEqual([expect.objectContaining({ ownPid: 1, depth: 0 })]);
      }
      for (const wanted of [POD, POD.slice(0, 8), `pod${POD}`]) {
        using found = Cgroup.find(wanted);
        expect(found.path).toBe(join(top, pod));
      }
    });
  });
});
