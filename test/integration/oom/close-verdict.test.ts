import { createCage, run, spawn } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';

const HUNGRY = ['--vm-bytes', '60m', '--vm-keep', '-m', '1'] as const;

describeIf(['cgroup', 'stress'], 'what a cage that is closed says of its children', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('a private one: killed, and not for memory', async () => {
    for (let round = 0; round < 10; round += 1) {
      const child = spawn('sleep', ['100'], { memory: '10M', stdio: 'ignore' });
      await child.cage.close();
      expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
    }
  });

  test('a shared one, just after an OOM kill: that it was one, and whose', async () => {
    for (let round = 0; round < 10; round += 1) {
      const cage = createCage({ memory: '20M' });
      const idle = cage.spawn('sleep', ['100'], { stdio: 'ignore' });
      const hungry = cage.spawn('stress', HUNGRY, { stdio: 'ignore' });
      await new Promise((resolve) => cage.once('oom', resolve));
      await cage.close();
      expect(await idle.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
      expect((await hungry.outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
    }
  });
});
