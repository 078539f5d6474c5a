import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cagesOf } from '../../support/cgroups/cgroup-tree';
import { drawn } from '../../support/drawn';
import { patience } from '../../support/patience';
import { mark } from '../../support/processes/mark';
import { processesWith } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { runtimePath } from '../../support/runtimes';
import { until } from '../../support/until';

// The children of memcage's own ChildProcess beside those of Node's.

jest.setTimeout(patience(60_000));

const FIXTURES = resolve(__dirname, '../../fixtures/runtimes');
const CHILDREN = join(FIXTURES, 'children.cjs');
const LIFE = join(FIXTURES, 'life.cjs');
const AS_OTHER = join(FIXTURES, 'as-other.cjs');

const NODE = [process.execPath];
/** Commands that run a program; those of a runtime that is not here are never used. */
const OTHERS = {
  'Node, taken for another runtime': [...NODE, '--require', AS_OTHER],
  Bun: [runtimePath('bun') ?? ''],
  Deno: [runtimePath('deno') ?? '', 'run', '--allow-all', '--quiet'],
};
const NEEDS = { Bun: ['cgroup', 'bun'], Deno: ['cgroup', 'deno'] } as const;

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'memcage-runtimes-'));
});
afterAll(() => {
  rmSync(cache, { recursive: true });
});

/** What a fixture prints, when nothing of its cages is left. */
async function printedBy([file = '', ...flags]: readonly string[], ...args: string[]): Promise<string> {
  const running = promisify(execFile)(file, [...flags, ...args], { env: { ...process.env, DENO_DIR: cache } });
  const { stdout, stderr } = await running;
  expect(stderr).toBe('');
  expect(cagesOf(running.child.pid ?? 0)).toEqual([]);
  return stdout;
}

async function recordsOf(command: readonly string[], ...args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await printedBy(command, CHILDREN, ...args)) as Record<string, unknown>;
}

let nodes: Promise<Record<string, unknown>> | undefined;

async function recordsOfNode(): Promise<Record<string, unknown>> {
  nodes ??= recordsOf(NODE);
  return nodes;
}

const WAITS = {
  'a child that runs': true,
  'an unref’d one': false,
  'one that was unref’d for a while': true,
  'the pipes of an unref’d one': true,
  'unref’d pipes': false,
  'the pipe of one that has ended': true,
  'one that was killed': true,
  'a run': true,
};

async function expectWaits(command: readonly string[]): Promise<void> {
  const all = Object.keys(WAITS).map(async (what) => [what, (await printedBy(command, LIFE, what)) === 'waited\n']);
  expect(Object.fromEntries(await Promise.all(all))).toEqual(WAITS);
}

describeIf(['cgroup', 'root'], 'Node', () => {
  test('waits for children and their pipes', () => expectWaits(NODE));

  test('whose internals have changed: run() does what it does elsewhere', async () => {
    const expected = await recordsOfNode();
    const records = await recordsOf([...NODE, '--require', join(FIXTURES, 'changed.cjs')], 'run');
    expect(Object.keys(records).length).toBeGreaterThan(15);
    for (const [name, record] of Object.entries(records)) expect([name, record]).toEqual([name, expected[name]]);
  });
});

describe.each(drawn(Object.entries(OTHERS), 2, 'runtimes'))('%s', (name, command) => {
  const needs = name in NEEDS ? NEEDS[name as keyof typeof NEEDS] : (['cgroup'] as const);

  describeIf([...needs, 'root'], 'in a cage', () => {
    test('children do what those of Node do, in the same order', async () => {
      const expected = await recordsOfNode();
      const records = await recordsOf(command);
      expect(Object.keys(records)).toEqual(Object.keys(expected));
      for (const [story, record] of Object.entries(records)) expect([story, record]).toEqual([story, expected[story]]);
    });

    test('waits for the same as Node', () => expectWaits(command));

    testRows('nothing is left after', ['SIGKILL of this process', 'an exit of this process'], async (what) => {
      const [file = '', ...flags] = command;
      const sleep = mark();
      const env = { ...process.env, DENO_DIR: cache };
      const child = spawn(file, [...flags, LIFE, what, sleep], { stdio: 'ignore', env });
      await once(child, 'close');
      await until('nothing is left', () => cagesOf(child.pid ?? 0).length === 0 && processesWith(sleep).length === 0);
    });
  });
});
