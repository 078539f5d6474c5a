import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(30_000));

interface Behaviour {
  seen: object;
  /** Whether two workers are in the cage, one of which replaces a killed one; and how many workers served. */
  places: [boolean, boolean, number];
}

describeIf('cgroup', 'cluster within contain()', () => {
  test('setupPrimary, a shared port, messages, a worker replaced, the ends: as outside, with all workers in the cage', async () => {
    const { outside, inside, left } = await fixtureResult<{ outside: Behaviour; inside: Behaviour; left: number[] }>(
      'start/api/cluster.js',
    );
    expect(outside).toEqual({
      seen: {
        args: ['an argument'],
        got: true,
        isMap: true,
        samePort: true,
        killed: [null, 'SIGKILL'],
        disconnected: [0, null],
        terminated: [null, 'SIGTERM'],
      },
      places: [false, false, 2],
    });
    expect(inside).toEqual({ seen: outside.seen, places: [true, true, 2] });
    expect(left).toEqual([]);
  });
});
