import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNotes } from '../../../../lib/cgroup/ends/read-notes';
import { allocate } from '../../../support/cage-kinds';
import { members } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { guardedProcesses, guardiansOf, type Sleeper, type Talking } from '../../../support/guarded';
import { killForMemory } from '../../../support/kills-for-memory';
import { patience } from '../../../support/patience';
import { stateOf } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

const TIMES = 2;
const MEMORY = 0;
const NOT_MEMORY = 1;
const UNKNOWN = 2;

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
  /** A parent that runs on would start another guardian. */
  const bothByHand = async ({ parent, guardian }: Started): Promise<void> => {
    process.kill(parent.pid, 'SIGSTOP');
    await until('the parent is stopped', () => stateOf(parent.pid) === 'T');
    byHand([guardian, parent.pid]);
    await parent.exit;
  };

  testRows<[string, (of: Started) => { die: number[]; ask: number }]>(
    'tells memory from a SIGKILL by hand',
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
        let told = await why(ask);
        // The guardian may not have noted it yet. What is known is right at once: bench/why.ts has the figures.
        for (let i = 0; i < 10 && told.code === UNKNOWN; i += 1) told = await why(ask);
        const { code, stdout, stderr } = told;
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

  test('what both have left is told, also after it was removed', async () => {
    const both = await started();
    const { parent, pid, cgroup } = both;
    await until('both sleep', () => members(cgroup).length === 2);
    const [other = 0] = members(cgroup).filter((each) => each !== pid);
    // The limit of the cage is 64 MiB.
    await once(spawn('sh', ['-c', `echo 0 >${cgroup}/cgroup.procs; exec ${allocate(100)}`]), 'exit');
    await bothByHand(both);
    const cageEnds = async () => {
      const known = JSON.parse((await why('--json', cgroup)).stdout) as Record<string, unknown>[];
      return known.map(({ pid: of, memory, kills, ownerPid }) => ({
        of,
        memory,
        kills,
        ownerPid,
      }));
    };
    const inCage = { of: null, memory: true, kills: 1, ownerPid: parent.pid };
    expect(await cageEnds()).toContainEqual(inCage);
    expect((await runCli(['gc'], { env: env() })).code).toBe(0);
    expect(await cageEnds()).toContainEqual(inCage);
    // That it was alive then: only younger records of the kernel's log count, and the log may be short.
    const noted = readNotes([join(runtime, 'memcage')]).filter((note) => note.pid === other);
    expect(noted.map(({ startedUs }) => startedUs)).toContainEqual(expect.any(Number));
    expect(await why(parent.pid)).toMatchObject({ code: NOT_MEMORY });
    expect(await why(other)).toMatchObject({
      code: NOT_MEMORY,
      stdout: expect.stringContaining('another memcage ended its cages'),
    });
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

  const OTHERS = 'does not belong to this user alone';
  testRows<[string, string, (directory: string) => string | undefined]>(
    'where nothing can be noted, all is ended as always, and the command says why it knows nothing',
    [
      [
        'a directory for all',
        OTHERS,
        (directory) => {
          mkdirSync(directory);
          chmodSync(directory, 0o777);
          return undefined;
        },
      ],
      [
        "somebody else's directory",
        OTHERS,
        (directory) => {
          mkdirSync(directory, { mode: 0o700 });
          chownSync(directory, 65534, 65534);
          return undefined;
        },
      ],
      [
        'a link to a directory',
        OTHERS,
        (directory) => {
          mkdirSync(join(runtime, 'other'), { mode: 0o700 });
          symlinkSync(join(runtime, 'other'), directory);
          return undefined;
        },
      ],
      [
        'a link to a file',
        OTHERS,
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
        OTHERS,
        (directory) => {
          mkdirSync(directory, { mode: 0o700 });
          const file = join(directory, 'ends');
          writeFileSync(file, '');
          chmodSync(file, 0o666);
          return undefined;
        },
      ],
      ['a file system that is read-only', "can't be written", (directory) => mounted(directory, 'ro')],
      [
        'one that is full',
        'no space is left',
        (directory) => {
          mounted(directory, 'size=8k');
          writeFileSync(join(directory, 'full'), Buffer.alloc(8192));
          return undefined;
        },
      ],
    ],
    async ([, says, prepare]) => {
      const directory = join(runtime, 'memcage');
      const file = prepare(directory) ?? join(directory, 'ends');
      const { parent, cgroup } = await started();
      await parent.kill();
      await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
      expect(existsSync(cgroup)).toBe(false);
      expect(statSync(file, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
      const { stdout } = await runCli(['why', '0'], { env: env() });
      // Where the kernel's log has all since boot, it is enough.
      if (!stdout.includes('since the machine has started')) expect(stdout).toContain(says);
      spawnSync('umount', [directory], { stdio: 'ignore' });
      for (const name of ['memcage', 'other']) rmSync(join(runtime, name), { recursive: true, force: true });
    },
  );

  function mounted(directory: string, options: string): undefined {
    mkdirSync(directory);
    const args = ['-t', 'tmpfs', '-o', `mode=700,${options}`, 'memcage-test', directory];
    expect(spawnSync('mount', args).status).toBe(0);
  }

  test('usage', async () => {
    expect((await why()).code).toBe(125);
    expect((await why('--last', '1')).code).toBe(125);
  });
});
