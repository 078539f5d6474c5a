import { type ChildProcessWithoutNullStreams, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { run } from 'memcage';
import { fixture, said } from '../../support/cage-kinds';
import { cagesOf, makeCgroup, members, readKey, version, write } from '../../support/cgroups/cgroup-tree';
import { starts } from '../../support/children/starts';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const STARTS = starts(400);
const AT_ONCE = 8;
const TIMEOUT_MS = patience(120 * STARTS + 10_000);

/** How a child may end here: it ran, or memory killed it, or its start was refused with the reason. */
const FATES = ['0', 'SIGKILL limit', 'SIGKILL ancestor', 'ERR_MEMCAGE_LIMIT_TOO_SMALL'];

/**
 * The parent of the children is a separate process, which must live: a kill of Jest would end the test. On one
 * processor, a child may begin between the count of an OOM and its group kill, and then gets another cause.
 */
describeIf(['cgroup', 'root', 'two-processors'], 'OOM kills while children start', () => {
  let node: ChildProcessWithoutNullStreams | undefined;
  let tampering: ChildProcessWithoutNullStreams | undefined;
  let groups: ReturnType<typeof makeCgroup>[] = [];

  async function end(child: ChildProcessWithoutNullStreams | undefined): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  afterEach(async () => {
    await end(tampering);
    await end(node);
    for (const { path, remove } of groups) {
      if (existsSync(path)) write(path, 'cgroup.kill', '1');
      await until('empty', () => members(path).length === 0);
      remove();
    }
    groups = [];
  });
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  interface Options {
    kind: 'private' | 'shared' | 'ordinary';
    parent?: string;
    /** A file of the cages' directory, and two values that are written to it in turns all the time. */
    tamper?: [file: string, value: string, otherwise: string];
  }

  /** The outcome of the children, and how often the kernel killed a whole group. */
  async function storm({ kind, parent, tamper }: Options): Promise<{ ends: Record<string, number>; kills: number }> {
    const args = [fixture('group-kill.js'), String(STARTS), String(AT_ONCE), kind, ...(parent ? [parent] : [])];
    const child = nodeSpawn(process.execPath, args);
    node = child;
    child.stderr.pipe(process.stderr);
    const exit = once(child, 'exit');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const line = async (): Promise<string> => {
      const { value } = await lines.next();
      if (value === undefined) {
        await exit;
        throw new Error(`the parent ended: ${child.exitCode ?? child.signalCode}`);
      }
      return value as string;
    };
    const directory = await line();
    if (tamper !== undefined) {
      tampering = nodeSpawn('sh', [fixture('tamper.sh'), directory, ...tamper]);
      await said(tampering, 'done');
    }
    child.stdin.write('\n');
    const ends = JSON.parse(await line()) as Record<string, number>;
    await end(tampering);
    if (tamper !== undefined) write(directory, tamper[0], tamper[2]);
    const kills = version === 2 ? readKey(parent ?? directory, 'memory.events', 'oom_group_kill') : 0;
    child.stdin.write('\n');
    expect(await exit).toEqual([0, null]);
    expect(cagesOf(child.pid ?? 0)).toEqual([]);
    return { ends, kills };
  }

  function total(ends: Record<string, number>, fates: readonly string[]): number {
    return fates.reduce((sum, fate) => sum + (ends[fate] ?? 0), 0);
  }

  test(
    `${STARTS} starts into a full shared cage`,
    async () => {
      const { ends } = await storm({ kind: 'ordinary' });
      expect(ends).toEqual(expect.objectContaining({ 'SIGKILL limit': expect.any(Number) as number }));
      expect({ ends, total: total(ends, FATES) }).toEqual({ ends, total: STARTS });
    },
    TIMEOUT_MS,
  );

  describeIf('v2', 'of whole groups', () => {
    test(
      `${STARTS} starts into a shared cage with oomGroup`,
      async () => {
        const { ends, kills } = await storm({ kind: 'shared' });
        expect(ends).toEqual(expect.objectContaining({ 'SIGKILL limit': expect.any(Number) as number }));
        expect({ ends, total: total(ends, FATES) }).toEqual({ ends, total: STARTS });
        expect(kills).toBeGreaterThan(0);
      },
      TIMEOUT_MS,
    );

    test(
      'the same while its limit is lowered and raised',
      async () => {
        const { ends, kills } = await storm({ kind: 'shared', tamper: ['memory.max', '4M', '24M'] });
        expect({ ends, total: total(ends, FATES) }).toEqual({ ends, total: STARTS });
        expect(kills).toBeGreaterThan(0);
      },
      TIMEOUT_MS,
    );

    test(
      'the same while it is frozen and thawed',
      async () => {
        const { ends } = await storm({ kind: 'shared', tamper: ['cgroup.freeze', '1', '0'] });
        expect({ ends, total: total(ends, [...FATES, 'ERR_MEMCAGE_FROZEN']) }).toEqual({ ends, total: STARTS });
      },
      TIMEOUT_MS,
    );

    test(
      'private cages in a parent whose OOM kills take all that is below it',
      async () => {
        const group = makeCgroup('40M');
        groups.push(group);
        write(group.path, 'memory.oom.group', '1');
        const { ends, kills } = await storm({ kind: 'private', parent: group.path });
        expect({ ends, total: total(ends, FATES) }).toEqual({ ends, total: STARTS });
        expect(ends['SIGKILL ancestor']).toBeGreaterThan(0);
        expect(kills).toBeGreaterThan(0);
      },
      TIMEOUT_MS,
    );
  });
});
