import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { cagesOf, version } from '../../support/cgroups/cgroup-tree';
import { drawn } from '../../support/drawn';
import { patience } from '../../support/patience';
import { mark } from '../../support/processes/mark';
import { processesWith } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { runtimePath } from '../../support/runtimes';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const FIXTURE = resolve(__dirname, '../../fixtures/runtimes/bun-cgroup.cjs');
const LIMIT = 30 * 2 ** 20;

interface End {
  pid: number;
  signal: NodeJS.Signals | null;
  stdout: string;
}

async function runFixture(...args: string[]): Promise<End> {
  const child = spawn(runtimePath('bun') ?? '', [FIXTURE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [stdout, [, signal]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { pid: child.pid ?? 0, signal, stdout };
}

/** What the fixture printed, once nothing is left of its cages. */
async function resultOf(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await runFixture(...args);
  const { pid, ...result } = JSON.parse(stdout) as { pid: number };
  expect(cagesOf(pid)).toEqual([]);
  return result;
}

const ways = ['option', 'launcher'];

describeIf(['cgroup', 'bun'], 'a child of Bun.spawn in a cage', () => {
  test.each(ways)('is in it from its first instruction, by %s', async (way) => {
    const { path, seen, exitCode } = await resultOf('birth', way);
    expect(exitCode).toBe(0);
    expect(path).toMatch(ownPathIn(seen));
  });

  test('is in it by an fd', async () => {
    const { path, seen } = await resultOf('fd', 'option');
    expect(path).toMatch(ownPathIn(seen));
  });

  test.each(drawn(ways, 1, 'counts'))(
    'counts, is killed at the limit, and has events and a verdict, by %s',
    async (way) => {
      const { usageBytes, ...rest } = await resultOf('limit', way);
      expect(usageBytes).toBeGreaterThanOrEqual(10_000_000);
      expect(usageBytes).toBeLessThanOrEqual(LIMIT);
      expect(rest).toMatchObject({
        isMember: true,
        signalCode: 'SIGKILL',
        events: {
          oom: [{ cause: 'limit', kills: 1, totalKills: 1, underOom: false }],
          oomKill: [{ count: 1, totalCount: 1 }],
        },
        oom: { cause: 'limit', kills: 1, limitBytes: LIMIT },
        memory: { limitBytes: LIMIT },
      });
    },
  );

  test.each(drawn(ways, 1, 'ends with the cage'))('ends with the cage, and what it started too, by %s', async (way) => {
    const sleep = mark();
    expect(await resultOf('close', way, sleep)).toEqual({ signalCode: 'SIGKILL', oom: null });
    expect(processesWith(sleep)).toEqual([]);
  });

  test.each(drawn(ways, 1, 'ends with Bun'))('ends when Bun is killed, by %s', async (way) => {
    const sleep = mark();
    const { pid, signal } = await runFixture('killed', way, sleep);
    expect(signal).toBe('SIGKILL');
    await until('nothing is left', () => cagesOf(pid).length === 0 && processesWith(sleep).length === 0);
  });

  test('does not start where it can’t join', async () => {
    const plain = mkdtempSync(join(tmpdir(), 'memcage-bun-'));
    try {
      expect(await resultOf('refusals', 'option', plain)).toEqual({
        closed: 'ENOENT',
        'not a cgroup': 'ENOENT',
        // On v1 it joins memory's hierarchy alone, where nothing freezes, and where a cgroup may have children.
        shared: version === 1 ? null : 'EBUSY',
        frozen: version === 1 ? null : 'EBUSY',
      });
    } finally {
      rmSync(plain, { recursive: true });
    }
  });
});

/** What a path ends with that is the one in /proc/PID/cgroup, in memory's hierarchy. */
function ownPathIn(text: unknown): RegExp {
  const line = String(text)
    .split('\n')
    .map((each) => /^\d+:([^:]*):(.*)$/.exec(each))
    .find((match) => match?.[1] === (version === 1 ? 'memory' : ''));
  return new RegExp(`${line?.[2] ?? 'no such line'}$`);
}
