import { answersOf } from '../../support/cgroups/read-only-cgroups';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(120_000));

interface End {
  exitCode: number | null;
  signal: string | null;
  cause: string | null;
  oom?: string;
  /** How far it came above the limit, as a part of that. */
  overshoot: number;
  failure: { name?: string; limit?: string; message?: string };
}

describeIf(['linux', 'root', 'cgroup', 'python3'], 'a polled child that takes memory at full speed', () => {
  test.each(['python', 'buffers', 'heap'])('of %s ends hardly above its limit', async (kind) => {
    const ends = await answersOf<End[]>('speed.js', kind);
    for (const { cause } of ends) expect(['polled', 'refused']).toContain(cause);
    // On a machine that has more to do than it can, one look or another comes late.
    expect(Math.min(...ends.map(({ overshoot }) => overshoot))).toBeLessThan(0.05);
  });
});

// At the speed of a guest the looks come in time, and nothing is refused.
describeIf(['linux', 'root', 'cgroup', 'python3', 'host'], 'a polled child that is refused memory', () => {
  test('has ended perhaps because of that, and the error says so', async () => {
    const ends = await answersOf<End[]>('speed.js', 'refused');
    expect(ends.at(-1)).toMatchObject({
      ...{ exitCode: 1, signal: null, cause: 'refused' },
      oom: 'perhaps refused memory at a memory limit of 400 MiB that memcage polls',
      failure: {
        ...{ name: 'MemoryLimitError', limit: 'memory' },
        message: expect.stringMatching(
          /^python3 ended with exit code 1, perhaps refused memory at .* polls: OSError: .*Cannot allocate memory. Cure: a higher memory$/,
        ),
      },
    });
  });
});
