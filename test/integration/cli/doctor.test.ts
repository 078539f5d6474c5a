import type { Diagnosis } from 'memcage';
import { cgroupOf } from '../../support/cgroup-tree';
import { runCli } from '../../support/cli';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(30_000));

describeIf(['cgroup', 'root'], 'memcage doctor', () => {
  test('tells what there is, and runs the main job', async () => {
    const { code, stdout, stderr, left } = await runCli(['doctor', '--json']);
    const { works, findings, parents } = JSON.parse(stdout) as Diagnosis;
    expect({ code, stderr, left, works }).toEqual({ code: 0, stderr: '', left: [], works: true });
    const states = Object.fromEntries(findings.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ cgroup: 'ok', parent: 'ok', trial: 'ok', 'namespace.pid': 'ok' });
    expect(parents.at(-1)).toEqual({ source: 'own', path: cgroupOf('self'), refusal: null });
    expect(findings.find(({ name }) => name === 'own')?.detail).toMatch(cgroupOf('self'));
  });

  test('tells what is in the way', async () => {
    const env = { ...process.env, MEMCAGE_PARENT: '/no/such/cgroup' };
    const { code, stdout } = await runCli(['doctor'], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^missing {2}parent .*\n *- MEMCAGE_PARENT \(.*\/no\/such\/cgroup\): there is no such cgroup$/m,
    );
    expect(stdout).toMatch(/^missing {2}trial .*ENOENT/m);
    expect(stdout).toMatch(/\nCages do not work here\.\n$/);
  });

  test('takes nothing but --json', async () => {
    expect(await runCli(['doctor', '--jason'])).toMatchObject({ code: 125, stderr: expect.stringMatching('--jason') });
    expect(await runCli(['doctor', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching('memcage doctor'),
    });
  });
});
