import { fixtureResult } from '../../support/fixture';
import { describeIf } from '../../support/require';

describeIf('cgroup', 'synchronous functions of libraries, within contain()', () => {
  test.each(['execa', 'zx', 'cross-spawn'])('%s: in the cage around', async (name) => {
    const { places, expected } = await fixtureResult<Record<'places' | 'expected', unknown[]>>(
      'libraries/sync.mjs',
      name,
    );
    expect(places).toEqual(expected);
  });
});
