import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { members } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { guardedProcesses, guardiansOf, type Sleeper, type Talking } from '../../../support/guarded';
import { killForMemory } from '../../../support/kills-for-memory';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

const TIMES = Math.ceil(Number(process.env['WHY_KILLS'] ?? 16) / 8);
/** From the death on. */
const TOLD_MS = 100;
const MEMORY = 0;
const NOT_MEMORY = 1;

jest.setTimeout(patience(60_000 + TIMES * 8000));

let runtime: string;
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'memcage-why-'));
});
afterEach(() => rmSync(runtime, { recursive: true }));

const env = () => ({ ...process.env, XDG_RUNTIME_DIR: runtime });
const why = (...words: (string | number)[]) => runCli(['why', ...words.map(String)], { env: env() });

type Started = Sleeper & { parent: Talking };

describeIf(['cgroup', 'root', 'logged-pids'], 'memcage why', () => {
  const { start, sleeper } = guardedProcesses();

  async function started(): Promise<Started> {
    const parent = start('plain', { env: env() });
    return { ...(await sleeper(parent)), parent };
  }

  /** The signals come as close to each other as they can. */
  const byHand = (pids: readonly number[]): void => {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  };

  testRows<[string, (of: Started) => { die: number[]; ask: number }]>(
    'tells memory from a SIGKILL by hand, soon after the death',
    [
      ['of the parent', ({ parent }) => ({ die: [parent.pid], ask: parent.pid })],
      ['of the guardian', ({ guardian }) => ({ die: [guardian], ask: guardian })],
      ['of both, for the parent', ({ guardian, parent }) => ({ die: [guardian, parent.pid], ask: parent.pid })],
      ['of a child', ({ pid }) => ({ die: [pid], ask: pid })],
    ],
    async ([, choose]) => {
      const wrong: unknown[] = [];
      for (let i = 0; i < TIMES * 2; i += 1) {
        const of = await started();
        const { die, ask } = choose(of);
        const expected = i % 2 === 0 ? MEMORY : NOT_MEMORY;
        if (expected === MEMORY) await killForMemory(die);
        else byHand(die);
        await new Promise((resolve) => setTimeout(resolve, patience(TOLD_MS)));
        const { code, stdout, stderr } = await why(ask);
        if (code !== expected) wrong.push({ ask, expected, code, stdout, stderr });
        await of.parent.kill();
      }
      expect(wrong).toEqual([]);
    },
  );

  test('what was in the cages of a dead parent was ended by the guardian', async () => {
    const { parent, cgroup } = await started();
    await until('both sleep', () => members(cgroup).length === 2);
    await parent.kill();
    await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
    const { stdout } = await why('--json', cgroup);
    const known = JSON.parse(stdout) as { memory: boolean; by: string; ownerPid: number }[];
    const own = known.filter(({ ownerPid }) => ownerPid === parent.pid);
    expect(own.length).toBeGreaterThan(0);
    for (const each of own) expect(each).toMatchObject({ memory: false, by: 'guardian' });
  });

  test('notes are for their user alone, and one file of them is bounded', async () => {
    const { parent } = await started();
    const directory = join(runtime, 'memcage');
    const ends = join(directory, 'ends');
    writeFileSync(ends, Buffer.alloc(2048 * 512), { mode: 0o600 });
    await parent.kill();
    await until('the note', () => statSync(ends).size < 2048 * 512);
    await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
    expect([directory, ends].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
    expect(statSync(join(directory, 'ends-before')).size).toBe(2048 * 512);
    expect((await why(parent.pid)).code).toBe(NOT_MEMORY);
  });

  testRows<[string, (directory: string) => string]>(
    'nothing is written where somebody else could have made a place for it',
    [
      [
        'a directory for all',
        (directory) => {
          mkdirSync(directory);
          chmodSync(directory, 0o777);
          return join(directory, 'ends');
        },
      ],
      [
        'a link to a file',
        (directory) => {
          mkdirSync(directory, { mode: 0o700 });
          const other = join(runtime, 'other');
          writeFileSync(other, '', { mode: 0o600 });
          symlinkSync(other, join(directory, 'ends'));
          return other;
        },
      ],
      [
        'a file that others can write',
        (directory) => {
          mkdirSync(directory, { mode: 0o700 });
          const file = join(directory, 'ends');
          writeFileSync(file, '');
          chmodSync(file, 0o666);
          return file;
        },
      ],
    ],
    async ([, prepare]) => {
      const file = prepare(join(runtime, 'memcage'));
      const { parent } = await started();
      await parent.kill();
      await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
      expect(statSync(file, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
      rmSync(join(runtime, 'memcage'), { recursive: true });
    },
  );

  test('usage', async () => {
    expect((await why()).code).toBe(125);
    expect((await why('--last', '1')).code).toBe(125);
  });
});
