import { fixtureResult } from '../../support/fixture';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(30_000));

interface Seen {
  places: (string | null)[];
  expected: (string | null)[];
  outside: Record<string, object>;
  inside: Record<string, object>;
  left: number[];
}

/** How each library reports a `sleep 60` that it stopped. */
const stopped: Record<string, Record<'kill' | 'abort' | 'timeout', object>> = {
  execa: {
    kill: { signal: 'SIGTERM', isTerminated: true },
    abort: { isCanceled: true, isTerminated: true },
    timeout: { timedOut: true, isTerminated: true },
  },
  zx: { kill: { signal: 'SIGTERM' }, abort: { signal: 'SIGTERM' }, timeout: { signal: 'SIGTERM' } },
  tinyexec: {
    kill: { killed: true, aborted: false },
    abort: { killed: true, aborted: true },
    timeout: { cause: { name: 'TimeoutError' } },
  },
  'nano-spawn': {
    kill: { signalName: 'SIGTERM' },
    abort: { isCanceled: true, cause: { name: 'AbortError' } },
    timeout: { signalName: 'SIGTERM' },
  },
  'cross-spawn': {
    kill: { signal: 'SIGTERM', errors: [] },
    abort: { signal: 'SIGTERM', errors: [{ name: 'AbortError' }] },
    timeout: { signal: 'SIGTERM', errors: [] },
  },
};

describeIf('cgroup', 'libraries that run commands, within contain()', () => {
  test.each(Object.keys(stopped))('%s: the same as outside, in the cage around', async (name) => {
    const { places, expected, outside, inside, left } = await fixtureResult<Seen>('libraries/commands.mjs', name);
    expect(places).toEqual(expected);
    expect(outside).toMatchObject({
      streams: { length: 300_000 },
      fails: { stdout: expect.stringMatching(/^out/), exitCode: 3 },
      ...(name === 'execa' && { ipc: { got: { a: [1, null] }, argv: ['an argument'], exitCode: 0 } }),
      ...stopped[name],
    });
    expect(inside).toEqual(outside);
    expect(left).toEqual([]);
  });

  test.each(['execa', 'zx', 'cross-spawn'])('%s, synchronously: in the cage around', async (name) => {
    const { places, expected } = await fixtureResult<Record<'places' | 'expected', unknown[]>>(
      'libraries/sync.mjs',
      name,
    );
    expect(places).toEqual(expected);
  });
});
