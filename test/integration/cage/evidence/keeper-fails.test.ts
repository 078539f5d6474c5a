import { compiledFills } from '../../../support/evidence/fills';
import { eachInDirectory, reportIn } from '../../../support/evidence/report-directory';
import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(60_000));

interface Failed {
  frozenMs: number;
  signal: string;
  message: string | null;
  path: string | null;
}

describeIf(['cgroup', 'root'], 'a cage that is stopped for evidence goes on, while JavaScript is blocked,', () => {
  let dir: string;
  eachInDirectory((made) => {
    dir = made;
  });

  const fills = compiledFills();
  const failing = <T>(who: string): Promise<T> =>
    fixtureResult('cage/evidence/fails.js', dir, who, ...fills({ firstMb: 16 }).flat());

  test('when the thread that watches it dies, and the one that reads hangs', async () => {
    const failed = await failing<Failed>('keeper');
    expect(failed).toMatchObject({ signal: 'SIGKILL' });
    expect(failed.frozenMs).toBeLessThan(patience(2000));
  });

  test.each([
    ['the thread that reads hangs', 'reader'],
    // The cage is gone when it goes on.
    ['the thread that watches it is late', 'late keeper'],
  ])('when %s, and what was not read is told', async (_, who) => {
    const { frozenMs, message, path } = await failing<Failed>(who);
    expect(frozenMs).toBeLessThan(patience(2000));
    expect(message).toContain(' of 24 MiB were held');
    expect(reportIn(path)).toMatchObject({ unread: ['the rest, for want of time'] });
  });

  test.each([
    ['', 'caller'],
    [', and the thread that watches it is late', 'caller, late keeper'],
  ])('but not when you freeze it meanwhile%s', async (_, who) => {
    expect(await failing(who)).toEqual({
      isFrozen: true,
      exitCode: null,
    });
  });
});
