import { dirname, join } from 'node:path';
import { type Answer, memory, type Self } from '../../support/container-view';
import { describeIf } from '../../support/require';
import { runInContainer } from '../../support/runc';

const MIB = 2 ** 20;
const ID = '9c1e7a30b58d4f26a7c0e3d91b64f82a5d07c9e1364b8fa2d5e07196c3b8a4f1';
const ROOT = join(__dirname, '../../..');
const LOOK = join(ROOT, 'test/fixtures/container/look.js');

describeIf(['linux', 'root', 'runc'], 'in a real container', () => {
  const node = dirname(dirname(process.execPath));

  const cgroup = `memcage-test-${process.pid}-runc/docker/${ID}`;

  function look(cgroupNamespace: boolean, files: readonly string[], questions: readonly (readonly unknown[])[]) {
    const stdout = runInContainer(`memcage-test-${process.pid}`, [process.execPath, LOOK, JSON.stringify(questions)], {
      shared: [ROOT, node],
      files,
      limitBytes: 300 * MIB,
      cgroup,
      cgroupNamespace,
    });
    return JSON.parse(stdout) as Answer<unknown>[];
  }

  // Not on v2 without one: a mount from the machine's namespace changes the options of the machine's own (nsdelegate).
  const kinds: [string, boolean][] = [['with a cgroup namespace', true]];
  if (memory.version === 1) kinds.push(['without one', false]);

  test.each(kinds)('reading works %s, and creating says what to do', (_, cgroupNamespace) => {
    const questions = [['self'], ['create', 'inner'], ['run', { memory: '50M' }]];
    const [self, create, run] = look(cgroupNamespace, ['.dockerenv'], questions);
    const value = (self as Answer<Self>).value;
    expect(self).toEqual({
      value: expect.objectContaining({ path: memory.mountPoint, limits: expect.objectContaining({ max: 300 * MIB }) }),
    });
    expect(value?.usage.usageBytes).toBeGreaterThan(MIB);
    expect(value?.peak).toBeGreaterThan(MIB);
    expect(value?.effective).toMatchObject({
      maxBytes: 300 * MIB,
      maxFrom: memory.mountPoint,
      complete: memory.version === 1,
    });
    const refused = {
      error: expect.objectContaining({
        // v2: no place was found, each having been looked at.
        code: `ERR_MEMCAGE_${memory.version === 1 ? 'NO_PERMISSION' : 'NO_PARENT'}`,
        message: expect.stringMatching(/read-only in a Docker container: start it with/),
      }),
    };
    expect([create, run]).toEqual([refused, refused]);
  });
});
