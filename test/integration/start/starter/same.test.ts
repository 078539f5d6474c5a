import { type Controller, makeCgroup, version } from '../../../support/cgroups/cgroup-tree';
import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

/** A step of the fixture, with its arguments. */
type Step = readonly [name: string, ...args: string[]];

interface Report {
  lines?: string[];
  status?: number;
  error?: unknown;
}

interface Told {
  results: { step: string; plain: Report; caged: Report; starters: number; elsewhere: number[] }[];
  /** After the end of the worker thread. */
  starters: number;
}

async function expectSame(steps: readonly Step[], { inWorker = false } = {}): Promise<Told> {
  const words = steps.map((step) => JSON.stringify(step));
  const program = { name: 'start/starter/same.js', timeoutMs: 50_000 };
  const told = await fixtureResult<Told>(program, ...words, ...(inWorker ? ['--in-worker'] : []));
  const of = (which: 'plain' | 'caged') => told.results.map((result) => ({ step: result.step, report: result[which] }));
  expect(of('caged')).toEqual(of('plain'));
  for (const { plain } of told.results) expect(plain).toMatchObject({ status: 0 });
  // Of those that were replaced, none is left.
  expect(told.results.map(({ starters }) => starters)).toEqual(steps.map(() => 1));
  expect(told.results.flatMap(({ elsewhere }) => elsewhere)).toEqual([]);
  return told;
}

const LIMITS = Array.from({ length: 16 }, (_, number): Step => ['limit', String(number)]);

/** What a process may do to itself between two starts. Each row is a process. */
const CHANGES: readonly (readonly [string, ...Step[]])[] = [
  ['nothing', ['nothing']],
  ['its directory and mask, which it shares with the starter', ['cwd'], ['umask'], ['cwdGone']],
  ['each limit of a resource', ...LIMITS],
  ['processors and priorities', ['affinity'], ['nice'], ['policy'], ['ioprio'], ['timerSlack']],
  ['how it is killed and mapped', ['oomScoreAdj'], ['personality'], ['thp']],
  ['its ids', ['groups'], ['gid'], ['realUid']],
  ['its capabilities', ['bounding'], ['ambient'], ['securebits'], ['noNewPrivs']],
  ['that it is a user with capabilities, which exec takes', ['capableUser']],
  ['filters, more than one', ['filter'], ['filter']],
  ['the keys of its session', ['keyring']],
  ['namespaces', ['uts'], ['ipc'], ['network'], ['mounts']],
  ['its group', ['group']],
  ['its session', ['session']],
];

describeIf(['cgroup', 'root', 'host'], 'a child by the starter is as one by Node', () => {
  testRows('whatever this process has changed since the first', CHANGES, ([, ...steps]) => expectSame(steps), {
    name: ([what]) => what,
  });

  test('in a worker thread, with which its starter ends', async () => {
    const told = await expectSame([['nice'], ['limit', '4'], ['bounding'], ['filter']], { inWorker: true });
    expect(told.starters).toBe(0);
  });
});

describeIf(['cgroup', 'root'], 'the starter', () => {
  testRows<Controller>(
    'goes with this process to another cgroup',
    version === 1 ? ['memory', 'cpu', 'unified'] : ['unified'],
    async (controller) => {
      const group = makeCgroup(undefined, controller);
      try {
        await expectSame([['cgroup', group.path], ['nothing']]);
      } finally {
        group.remove();
      }
    },
  );
});
