import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { endNow, processesThatAre } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(60_000));

interface Life {
  pid: number;
  workers: number;
  killed?: boolean;
  looked?: boolean;
  told?: string;
  failed?: string;
}

/** The fixture under plain Node: Jest's own environment never ends, and has no 'exit'. */
const life = async (what: string): Promise<Life & { left: () => number[] }> => {
  const id = mark();
  const said = await fixtureResult<Life>({ name: 'cage/polling/life.js', timeoutMs: 50_000 }, what, id);
  return { ...said, left: () => processesThatAre(`sleep ${id}`) };
};

describeIf(['linux', 'machine'], 'the sampler of a process', () => {
  test('does not keep it alive', async () => {
    const { pid, left } = await life('idle');
    expect(left()).toContain(pid);
    for (const each of left()) endNow(each);
  });

  test.each(['exit', 'wait'])('kills at its end: %s', async (what) => {
    const { killed = true, left } = await life(what);
    expect([killed, left()]).toEqual([true, []]);
  });

  test('may fail: then all are killed, and it is told', async () => {
    const said = await life('failed');
    const told = { failed: 'ERR_MEMCAGE_UNSUPPORTED', looked: false, killed: true, workers: 2, next: true };
    expect(said).toMatchObject(told);
    expect(said.left()).toEqual([]);
  });

  test('may fail unnoticed while the event loop is blocked', async () => {
    const { killed, left } = await life('blocked');
    expect([killed, left()]).toEqual([true, []]);
  });

  test('does not keep it alive when a kill takes too long', async () => {
    const { killed, left } = await life('late');
    for (const each of left()) endNow(each);
    expect(killed).toBe(false);
  });

  test('looks and kills when all fds are taken', async () => {
    const { killed, looked, left } = await life('noFd');
    expect([looked, killed, left()]).toEqual([true, true, []]);
  });

  test('may fail when all fds are taken: then all are killed nevertheless', async () => {
    const { killed, told, left } = await life('noFdFailed');
    expect([killed, told, left()]).toEqual([true, expect.stringContaining('was killed'), []]);
  });

  test('is one for each thread', async () => {
    const said = await life('inWorker');
    expect(said).toMatchObject({ workers: 2, inner: { workers: 1 } });
    expect(said.left()).toEqual([]);
  });
});
