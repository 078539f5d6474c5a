import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'memcage';
import { cagesLeft, expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { NAMESPACE_FILES } from '../../support/roots/namespace-files';

describeIf(['cgroup', 'root', 'userns'], 'namespaces that the kernel refuses', () => {
  expectNothingLeft(() => run('true', [], { memory: '10M' }));

  test('each is named, with the file that has the limit', async () => {
    const limits = () =>
      Object.values(NAMESPACE_FILES).map((file) => readFileSync(`/proc/sys/user/max_${file}_namespaces`, 'utf8'));
    const before = limits();
    const fixture = join(__dirname, '../../fixtures/bad-input/refused-namespaces.js');
    const { stdout } = await run(process.execPath, [fixture], { namespaces: { user: { uid: 0, gid: 0 } } });
    const thrown = JSON.parse(stdout) as Record<string, unknown>;
    for (const [kind, file] of Object.entries(NAMESPACE_FILES)) {
      expect({ [kind]: thrown[kind] }).toMatchObject({
        [kind]: {
          code: 'ERR_MEMCAGE_NAMESPACE_LIMIT',
          message: expect.stringContaining(`/proc/sys/user/max_${file}_namespaces is 0`) as string,
        },
      });
    }
    expect(limits()).toEqual(before);
    expect(cagesLeft()).toEqual([]);
  });

  test('a user namespace that only root may change stays as it is: unknown ids are refused', async () => {
    // Both ids of the caller are mapped; no others exist inside.
    await expect(run('true', [], { uid: 1000, namespaces: { user: true } })).rejects.toMatchObject({ code: 'EINVAL' });
  });
});
