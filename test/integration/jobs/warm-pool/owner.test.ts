import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { run } from 'memcage';
import { startFixture } from '../../../support/fixture';
import { cagesLeft, expectNothingLeft } from '../../../support/nothing-left';
import { childrenOf, endNow, isAlive, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';
import { WORKER } from '../../../support/warm-pool';

async function firstLine(stream: Readable | null): Promise<string> {
  if (stream === null) throw new Error('no pipe');
  const [chunk] = (await once(stream, 'data')) as [Buffer];
  return chunk.toString();
}

describeIf('cgroup', 'the process that has a warm pool', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('ends although children wait', async () => {
    const { end } = startFixture('jobs/warm-pool/owner.js', 'idle');
    expect(await end).toMatchObject({ code: 0, stdout: 'idle\n' });
  });

  test('lives as long as a child that it has taken, and then ends', async () => {
    const { end } = startFixture('jobs/warm-pool/owner.js', 'release');
    expect(await end).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) as string });
  });

  test('takes all of it along when it is killed', async () => {
    const owner = startFixture('jobs/warm-pool/owner.js', 'hold');
    // Neither the one that was taken nor its successor ends when its channel is closed.
    const taken = Number(await firstLine(owner.process.stdout));
    const children = await until('two children', () => {
      const found = processesWith(WORKER).filter((pid) => childrenOf(owner.pid).includes(pid));
      return found.length === 2 && found.includes(taken) ? found : undefined;
    });
    expect(isAlive(owner.pid)).toBe(true);
    owner.process.kill('SIGKILL');
    await until('all have ended', () => !children.some(isAlive)).finally(() => children.forEach(endNow));
    await owner.end;
    await until('no cages are left', () => cagesLeft(owner.pid).length === 0);
  });
});
