import { type Cage, createCage, run, spawn } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';

describeIf('cgroup', 'the private cage of a child', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('starts no other child', async () => {
    const child = spawn('cat', { memory: '20M' });
    const { cage } = child;
    const starts: ((cage: Cage) => unknown)[] = [
      () => cage.spawn('true'),
      () => cage.fork('nowhere.js'),
      () => cage.exec('true'),
      () => cage.execFile('true'),
      () => cage.run('true'),
      () => cage.contain(() => 1),
      () => spawn('true', { cage }),
    ];
    for (const start of starts) {
      expect(thrown(() => start(cage))).toMatchObject({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringContaining('a cage of createCage()'),
      });
    }
    child.stdin.end();
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
  });

  test('is in the cage that it was made in, if any', async () => {
    await using cage = createCage({ memory: '50M' });
    const inner = cage.contain(() => createCage({ memory: '30M' }));
    const child = inner.spawn('true', { memory: '20M' });
    expect([cage.outer, inner.outer, child.cage.outer]).toEqual([undefined, cage, inner]);
    expect(inner.spawn('true').cage).toBe(inner);
    const alone = spawn('true', { memory: '20M' });
    expect(alone.cage.outer).toBeUndefined();
    await Promise.all([child.outcome, alone.outcome]);
  });
});
