import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCage, type Evidence, type SharedCage, type Size, spawn } from 'memcage';
import { fixture } from '../../../support/cage-kinds';
import { withCode } from '../../../support/error-code';
import { eachInDirectory, expectNoneLeftOfEvidence, reportIn } from '../../../support/evidence/report-directory';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(120_000));

const MEMORY = '140M';

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

function reportOn(evidence: Evidence | null): Report {
  return reportIn(evidence?.path);
}

/** Whether it is outside of its cage, which has others. */
function isLent(pid: number | undefined, path = ''): boolean {
  const memory = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  return !new RegExp(`/${basename(path)}(/|$)`, 'm').test(memory.replace(/^.*(cpu|pids|name=).*$/gm, ''));
}

describeIf(['cgroup', 'root'], 'heap snapshots of Node processes that fill a cage', () => {
  let dir: string;
  eachInDirectory((made) => {
    dir = made;
  });

  expectNoneLeftOfEvidence((into) => filling('none', { dir: into }).outcome.catch(() => {}));

  function filling(kind: string, { extra = '1G', dir: into = dir }: { extra?: Size; dir?: string } = {}) {
    const args = ['--max-old-space-size=1000', fixture('evidence/node-fills.js'), kind];
    const evidence = { dir: into, at: '80%', heapSnapshot: true, extra } as const;
    const stdio = ['ignore', 'ignore', kind === 'none' ? 'ignore' : 'inherit'] as const;
    return spawn(process.execPath, args, { memory: MEMORY, nodeHeap: false, evidence, stdio: [...stdio] });
  }

  testRows(
    'tell the types that fill the fullest thread',
    [
      ['heap', 'Leaked', 'main thread'],
      ['busy', 'Leaked', 'main thread'],
      ['buffers', 'Buffer', 'main thread'],
      ['grandchild', 'Leaked', 'main thread'],
      ['worker', 'Leaked', 'leaky'],
    ] as const,
    async ([kind, name, thread]) => {
      const { evidence, oom } = await filling(kind).outcome;
      expect(oom).toMatchObject({ cause: 'limit' });
      const { node, unread } = reportOn(evidence);
      expect(unread).toEqual([]);
      const [first] = node;
      expect(first).toMatchObject({ pid: evidence?.pid, snapshot: `heap-${evidence?.pid}.heapsnapshot` });
      expect(first?.thread).toContain(thread);
      const [type] = first?.types ?? [];
      expect(type?.name).toBe(name);
      expect(type?.retainedBytes).toBeGreaterThan(60 * 2 ** 20);
      expect(type?.ownBytes).toBeLessThan(2 ** 20);
      const largest = kind === 'buffers' ? first?.native.buffers : first?.heapUsedBytes;
      expect(largest).toBeGreaterThan(60 * 2 ** 20);
      if (kind === 'busy') expect(first?.stack.join()).toContain('node-fills.js');
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

  testRows(
    'let the process go on where it was, in a cage of many, and within one',
    [
      ['in it', (cage: SharedCage, args: string[]) => cage.spawn(process.execPath, args, { nodeHeap: false })],
      [
        'in a cage of its own within',
        (cage: SharedCage, args: string[]) =>
          cage.spawn(process.execPath, args, {
            ...{ nodeHeap: false, memory: MEMORY, pids: 40 },
            evidence: { dir, at: '80%', heapSnapshot: true, extra: '300M' },
          }),
      ],
    ] as const,
    async ([where, start]) => {
      const evidence = where === 'in it' && ({ dir, at: '80%', heapSnapshot: true, extra: '300M' } as const);
      await using cage = createCage({ memory: evidence ? MEMORY : '700M', ...(evidence && { evidence }) });
      const child = start(cage, ['--max-old-space-size=1000', fixture('evidence/node-fills.js'), 'buffers']);
      const outcome = await child.outcome;
      expect(outcome).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'limit', limitBytes: 140 * 2 ** 20 } });
      expect(reportOn(outcome.evidence)).toMatchObject({
        node: [{ snapshot: `heap-${child.pid}.heapsnapshot` }],
        unread: [],
      });
    },
  );

  test('are of each process that holds a quarter', async () => {
    const { evidence } = await filling('two').outcome;
    const { node } = reportOn(evidence);
    expect(node.map(({ snapshot }) => snapshot)).toEqual(node.map(({ pid }) => `heap-${pid}.heapsnapshot`));
    expect(new Set(node.map(({ pid }) => pid)).size).toBe(2);
  });

  test('are left out where extra is too small for sure', async () => {
    const { evidence, oom } = await filling('heap', { extra: '100M' }).outcome;
    expect(oom).toMatchObject({ cause: 'limit' });
    const { node, unread } = reportOn(evidence);
    expect(node).toMatchObject([{ snapshot: null, types: [] }]);
    expect(unread).toEqual([expect.stringContaining('evidence.extra is 100 MiB')]);
    expect(readdirSync(evidence?.path ?? '')).toEqual(['report.html', 'report.json']);
  });

  test('never look like the limit of the cage where they need more than extra', async () => {
    const { evidence, oom, signal } = await filling('small', { extra: '96M' }).outcome;
    expect({ oom, signal }).toEqual({ oom: null, signal: 'SIGKILL' });
    const { unread } = reportOn(evidence);
    expect(unread).toEqual([expect.stringContaining('needed more than the 96 MiB of evidence.extra')]);
    expect(readdirSync(evidence?.path ?? '')).toEqual(['report.html', 'report.json']);
  });

  test('end with the process, which is killed meanwhile', async () => {
    const child = filling('small', { extra: '4G' });
    const cgroup = child.cage?.cgroup;
    await until('it is lent memory', () => isLent(child.pid, cgroup?.path));
    child.kill('SIGKILL');
    const { evidence, oom, signal } = await child.outcome;
    expect({ oom, signal }).toEqual({ oom: null, signal: 'SIGKILL' });
    expect(reportOn(evidence).unread).toEqual([expect.stringContaining('has ended meanwhile')]);
  });

  test('end with the cage', async () => {
    await using cage = createCage({ memory: MEMORY, evidence: { dir, at: '80%', heapSnapshot: true, extra: '4G' } });
    const child = cage.spawn(process.execPath, [fixture('evidence/node-fills.js'), 'small'], { nodeHeap: false });
    await until('it is lent memory', () => isLent(child.pid, cage.cgroup.path));
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
