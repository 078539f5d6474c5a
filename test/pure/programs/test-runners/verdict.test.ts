import { kindsInWords, kindsOf } from '../../../../lib/common/text/memory-kinds';
import { type EndedWorker, verdictOf } from '../../../../lib/programs/test-runners/verdict';
import type { OomVerdict, Outcome } from '../../../../types/outcome';

const MIB = 1024 ** 2;
const oom = (cause: OomVerdict['cause'], limitMib: number, path: string | null = null): OomVerdict => ({
  message: 'node (pid 7) was killed for want of memory on the whole machine',
  cause,
  kills: 1,
  limitBytes: limitMib * MIB,
  path,
  victims: null,
});

function ended({ told, ...more }: Partial<EndedWorker> & { told?: Partial<Outcome> } = {}): EndedWorker {
  const memory = { limitBytes: 400 * MIB, peakBytes: 400 * MIB, swapLimited: true, details: null };
  const outcome = {
    exitCode: null,
    signal: 'SIGKILL',
    oom: null,
    nodeHeap: null,
    memory,
    evidence: null,
    ...told,
  } as Outcome;
  const total = { bytes: 4096 * MIB, path: '/total' };
  return {
    outcome,
    file: 'a.test.js',
    test: undefined,
    limitBytes: 400 * MIB,
    total,
    wasAlone: false,
    kinds: undefined,
    ...more,
  };
}

describe('The verdict on a worker', () => {
  test('says file, test, limit, peak and the largest kinds of memory', () => {
    const kinds = { programs: 380 * MIB, pageCache: 2 * MIB, shared: 0, kernel: 12 * MIB };
    expect(verdictOf(ended({ told: { oom: oom('limit', 400) }, test: 'takes\nall', kinds }))).toEqual({
      again: false,
      message:
        'a.test.js was killed in the test "takes\\nall" for its memory limit of 400 MiB. Peak: 400 MiB. Last seen, at 394 MiB: ' +
        '380 MiB of programs (heaps, buffers, stacks), 12 MiB of the kernel, 2 MiB of page cache',
    });
  });

  test('has what filled the memory instead, as further lines', () => {
    const evidence = { message: 'one\ntwo\nthree' } as Outcome['evidence'];
    const kinds = { programs: 380 * MIB, pageCache: 0, shared: 0, kernel: 0 };
    expect(verdictOf(ended({ told: { oom: oom('limit', 400), evidence }, kinds }))?.message).toBe(
      'a.test.js was killed for its memory limit of 400 MiB. Peak: 400 MiB\none\ntwo\nthree',
    );
  });

  test('of one that was killed for the total is that it runs again, alone, and once more is its own', () => {
    const told = { oom: oom('cage', 4096, '/total') };
    expect(verdictOf(ended({ told }))).toEqual({
      again: true,
      message: 'a.test.js was killed for the 4 GiB of all tests together: it runs again, alone',
    });
    expect(verdictOf(ended({ told, wasAlone: true }))).toMatchObject({
      again: false,
      message: expect.stringMatching('for the 4 GiB of all tests together, though it ran alone. Peak'),
    });
  });

  test('of a polled one is whose limit it was by its size', () => {
    expect(verdictOf(ended({ told: { oom: oom('polled', 4096) } }))?.again).toBe(true);
    expect(verdictOf(ended({ told: { oom: oom('polled', 400) } }))?.message).toMatch(/of 400 MiB, which memcage polls/);
  });

  test('of one that was perhaps refused memory is how it ended, and no more than that', () => {
    const refused = { message: 'perhaps refused memory at a limit', cause: 'refused', kills: 0 } as OomVerdict;
    const aborted = { oom: refused, signal: 'SIGABRT' } as const;
    expect(verdictOf(ended({ told: aborted, test: 'takes' }))).toEqual({
      again: false,
      message: 'a.test.js ended in the test "takes" by SIGABRT, perhaps refused memory at a limit. Peak: 400 MiB',
    });
    const exited = { oom: refused, signal: null, exitCode: 7 };
    expect(verdictOf(ended({ told: exited }))?.message).toMatch(/^a\.test\.js ended with exit code 7, perhaps refused/);
    const forTotal = { ...exited, oom: { ...refused, limitBytes: 4096 * MIB } };
    expect(verdictOf(ended({ told: forTotal }))).toMatchObject({
      again: true,
      message: expect.stringMatching(/ again, alone$/),
    });
    expect(verdictOf(ended({ told: forTotal, wasAlone: true }))?.again).toBe(false);
  });

  test('does not take the limit around the runner for the total', () => {
    const verdict = verdictOf(ended({ told: { oom: oom('cage', 700, '/around') } }));
    expect(verdict).toMatchObject({
      again: false,
      message: expect.stringMatching(/outside of its own limit \(node .*\)/),
    });
  });

  test('tells a full heap, and nothing of one that memory did not end', () => {
    const heap = { limitBytes: 300 * MIB, exhausted: 'likely' as const };
    expect(verdictOf(ended({ told: { nodeHeap: heap } }))?.message).toMatch(/heap, which was full at the 300 MiB/);
    expect(verdictOf(ended())).toBeUndefined();
    expect(verdictOf(ended({ told: { oom: { ...oom('unknown', 1), kills: 0 } } }))).toBeUndefined();
  });
});

test('kindsOf() takes apart what each version of cgroups counts', () => {
  const v1 = { total_rss: 100 * MIB, total_cache: 30 * MIB, total_shmem: 10 * MIB, rss: 1, cache: 1 };
  const kinds = { programs: 100 * MIB, pageCache: 20 * MIB, shared: 10 * MIB, kernel: 5 * MIB };
  expect(kindsOf(v1, 135 * MIB, 1)).toEqual(kinds);
  expect(kindsOf({ anon: 100 * MIB, file: 30 * MIB, shmem: 10 * MIB }, 135 * MIB, 2)).toEqual(kinds);
  expect(kindsInWords({ programs: 1, pageCache: 0, shared: 3 * MIB, kernel: 0 })).toBe(
    '3 MiB of tmpfs and shared memory',
  );
});
