import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCage, type SharedCage, type Size, spawn } from 'memcage';
import { fixture } from '../../../support/cage-kinds';
import { withCode } from '../../../support/error-code';
import { eachInDirectory, expectNoneLeftOfEvidence, reportIn } from '../../../support/evidence/report-directory';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(120_000));

const MEMORY = '90M';
/** Half of the 80 % that it holds then: Node itself takes the rest. */
const LEAST_BYTES = 36 * 2 ** 20;
const NODE = [process.execPath, '--max-old-space-size=1000', fixture('evidence/node-fills.js')] as const;
const OPTIONS = { nodeHeap: false, stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] } as const;

/** On a busy machine. What is read of processes is not what these tests are about. */
const WANT_OF_TIME = 'the rest, for want of time';

interface Report {
  node: {
    pid: number;
    thread: string;
    heapUsedBytes: number;
    native: { buffers: number };
    stack: string[];
    snapshot: string | null;
    types: { name: string; count: number; ownBytes: number; retainedBytes: number }[];
  }[];
  unread: string[];
}

function heapsIn(path: string | null | undefined): Report {
  const { node, unread } = reportIn<Report>(path);
  return { node, unread: unread.filter((what) => what !== WANT_OF_TIME) };
}

describeIf(['cgroup', 'root', 'unemulated'], 'heap snapshots of Node processes that fill a cage', () => {
  let dir: string;
  eachInDirectory((made) => {
    dir = made;
  });

  const evidence = (extra: Size = '1G', into = dir) => ({ dir: into, at: '80%', heapSnapshot: true, extra }) as const;

  expectNoneLeftOfEvidence((into) => spawn('true', { memory: MEMORY, evidence: evidence('1G', into) }).outcome);

  function filling(kind: string, extra?: Size) {
    const [file, ...args] = NODE;
    return spawn(file, [...args, kind], { memory: MEMORY, evidence: evidence(extra), ...OPTIONS });
  }

  function fillingIn(cage: SharedCage, kind: string) {
    const [file, ...args] = NODE;
    return cage.spawn(file, [...args, kind], OPTIONS);
  }

  testRows(
    'tell the types that fill the fullest thread, and let the process go on where it was',
    [
      ['a worker', 'Leaked', 'leaky', null, () => filling('worker')],
      [
        ...(['a grandchild in a cage of many', 'Leaked', 'main thread'] as const),
        () => createCage({ memory: MEMORY, evidence: evidence() }),
        // The shell has something to do after it.
        (cage?: SharedCage) =>
          cage?.spawn('sh', ['-c', '"$@"; :', 'sh', ...NODE, 'busy'], { ...OPTIONS, stdio: 'ignore' }),
      ],
      [
        ...(['a child in a cage of its own within another', 'Buffer', 'main thread'] as const),
        () => createCage({ memory: '700M' }),
        (cage?: SharedCage) =>
          cage?.spawn(NODE[0], [...NODE.slice(1), 'buffers'], {
            ...{ ...OPTIONS, memory: MEMORY, pids: 40, evidence: evidence() },
          }),
      ],
    ] as const,
    async ([, name, thread, around, start]) => {
      await using cage = around?.();
      const outcome = await start(cage)?.outcome;
      expect(outcome?.oom).toMatchObject({ cause: 'limit', limitBytes: 90 * 2 ** 20 });
      const evidence = outcome?.evidence;
      const { node, unread } = heapsIn(evidence?.path);
      expect(unread).toEqual([]);
      const [first] = node;
      expect(first).toMatchObject({ pid: evidence?.pid, snapshot: `heap-${evidence?.pid}.heapsnapshot` });
      expect(first?.thread).toContain(thread);
      const [type] = first?.types ?? [];
      expect(type?.name).toBe(name);
      expect(type?.retainedBytes).toBeGreaterThan(LEAST_BYTES);
      expect(type?.ownBytes).toBeLessThan(2 ** 20);
      const largest = name === 'Buffer' ? first?.native.buffers : first?.heapUsedBytes;
      expect(largest).toBeGreaterThan(LEAST_BYTES);
      // Both never return to the event loop.
      if (name === 'Leaked') expect(first?.stack.join()).toContain('node-fills.js');
      expect(evidence?.message).toContain(`Node (pid ${evidence?.pid}) has`);
      expect(evidence?.message).toContain(`, ${type?.count} ${name} of `);
      const file = join(evidence?.path ?? '', first?.snapshot ?? '');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
        snapshot: { meta: {} },
        strings: expect.any(Array) as [],
      });
    },
  );

  test('are of each process that holds a quarter', async () => {
    // Each holds less than that, and both together more.
    await using cage = createCage({ memory: '140M', evidence: { ...evidence(), at: '70%' } });
    const children = [1, 2].map(() => fillingIn(cage, 'stays'));
    const isDone = (report: string) => existsSync(join(dir, report, 'report.json'));
    await until('a report', () => readdirSync(dir).some(isDone), 60_000);
    await cage.kill();
    const outcomes = await Promise.all(children.map((child) => child.outcome));
    const { node } = heapsIn(outcomes[0]?.evidence?.path);
    expect(node.map(({ snapshot }) => snapshot)).toEqual(node.map(({ pid }) => `heap-${pid}.heapsnapshot`));
    expect(new Set(node.map(({ pid }) => pid))).toEqual(new Set(children.map(({ pid }) => pid)));
  });

  test('never look like the limit of the cage where they need more than extra', async () => {
    const { evidence, oom, signal } = await filling('greedy', '40M').outcome;
    expect({ oom, signal }).toEqual({ oom: null, signal: 'SIGKILL' });
    const { unread } = heapsIn(evidence?.path);
    expect(unread).toEqual([expect.stringContaining('needed more than the 40 MiB of evidence.extra')]);
    expect(readdirSync(evidence?.path ?? '')).toEqual(['report.html', 'report.json']);
  });

  /** A snapshot of the process is being written, with memory that it was lent. */
  async function lent(pid: number | undefined, { path }: { path: string }): Promise<void> {
    const isBegun = (report: string) => existsSync(join(dir, report, `heap-${pid}.heapsnapshot`));
    await until('a snapshot', () => readdirSync(dir).some(isBegun));
    const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8').replace(/^.*(cpu|pids|name=).*$/gm, '');
    expect(cgroup).not.toMatch(new RegExp(`/${basename(path)}(/|$)`, 'm'));
  }

  test('end with the process, which is killed meanwhile', async () => {
    const child = filling('hangs');
    await lent(child.pid, child.cage.cgroup);
    child.kill('SIGKILL');
    const { evidence, oom, signal } = await child.outcome;
    expect({ oom, signal }).toEqual({ oom: null, signal: 'SIGKILL' });
    expect(heapsIn(evidence?.path).unread).toEqual([expect.stringContaining('has ended meanwhile')]);
    expect(readdirSync(evidence?.path ?? '')).toEqual(['report.html', 'report.json']);
  });

  test('end with the cage', async () => {
    await using cage = createCage({ memory: MEMORY, evidence: evidence() });
    const child = fillingIn(cage, 'hangs');
    await lent(child.pid, cage.cgroup);
    await cage.kill();
    expect(await child.outcome).toMatchObject({ oom: null, signal: 'SIGKILL' });
  });

  testRows(
    'are refused before anything starts where a Node child could not load what writes them',
    [
      ['a root of its own', { root: { path: '/usr' } }, []],
      ['a network namespace', { namespaces: { net: true } }, []],
      ["Node's permission model", {}, ['--permission']],
    ] as const,
    ([, options, args]) => {
      const evidence = { dir, heapSnapshot: true, extra: '1G' } as const;
      const start = (): unknown =>
        spawn(process.execPath, [...args, '-e', '0'], { memory: MEMORY, evidence, ...options } as object);
      expect(start).toThrow(withCode('INVALID_ARGUMENT'));
    },
  );
});
