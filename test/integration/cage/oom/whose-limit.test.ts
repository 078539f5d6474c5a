import { basename, dirname } from 'node:path';
import { closeKillLog, KernelLog } from '../../../../lib/cage/oom/kernel-log';
// Not imported as a package, since the tests take the log away.
import {
  createCage,
  MemoryLimitError,
  type OomEvent,
  type OomVerdict,
  run,
  spawn,
  spawnSync,
} from '../../../../lib/index';
import { allocate, fixture } from '../../../support/cage-kinds';
import { makeCgroup, OWN_CGROUP_IN_SHELL, setLimit, version } from '../../../support/cgroups/cgroup-tree';
import { logged } from '../../../support/logged';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(30_000));

const MIB = 2 ** 20;
const HUNGRY = ['-c', `exec ${allocate(60)}`];

async function rejection(promise: Promise<unknown>): Promise<MemoryLimitError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MemoryLimitError);
  return error as MemoryLimitError;
}

/** A program that runs in a cgroup which it makes below its own (v1). */
function nesting(limit: string, memsw: string, then: 'keep' | 'remove'): string[] {
  const script = `${OWN_CGROUP_IN_SHELL}; fixture=$1; shift; exec sh "$fixture" "$own" "$@"`;
  return ['-c', script, 'sh', fixture('nesting.sh'), limit, memsw, then, ...allocate(60).split(' ')];
}

const MAKE_AND_REMOVE = `${OWN_CGROUP_IN_SHELL}; mkdir "$own/nested"; rmdir "$own/nested"`;

describeIf('cgroup', `whose limit it was, on cgroup v${version}`, () => {
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  describeIf('kernel-log', "the kernel's log is read", () => verdicts({ isRead: true }));

  describe("the kernel's log is not read", () => verdicts({ isRead: false }));

  function verdicts({ isRead }: { isRead: boolean }): void {
    beforeEach(() => {
      if (isRead) return;
      closeKillLog();
      jest.spyOn(KernelLog, 'open').mockReturnValue(undefined);
    });
    afterEach(() => {
      if (isRead) return;
      jest.restoreAllMocks();
      // Forget what was read with this mock.
      closeKillLog();
    });

    test('its own', async () => {
      const error = await rejection(run('sh', HUNGRY, { memory: '16M' }));
      expect(error.outcome.oom).toMatchObject({ cause: 'limit', limitBytes: 16 * MIB, kills: 1 });
      expect(error.limit).toBe('memory');
      const peak = error.outcome.memory.peakBytes === null ? '' : ' (peak 1';
      expect(error.message).toContain(`its memory limit of 16 MiB${peak}`);
    });

    test("that of a cage around, which is told as the cage's own by its event", async () => {
      await using cage = createCage({ memory: '16M' });
      const events: OomEvent[] = [];
      cage.on('oom', (event) => events.push(event));
      const { path } = cage.cgroup;
      const error = await rejection(cage.run('sh', HUNGRY, { memory: '1G' }));
      expect(error.outcome.memory.limitBytes).toBe(1024 * MIB);
      expect(error.outcome.oom).toMatchObject({ cause: 'cage', limitBytes: 16 * MIB, path });
      expect(error.message).toContain(`the memory limit of 16 MiB of a cage around its own (${path})`);
      expect(events).toMatchObject([{ cause: 'limit', limitBytes: 16 * MIB, path, kills: 1 }]);
    });

    test('its own within a cage, which is told as that of one below by the event of that', async () => {
      await using cage = createCage({ memory: '100M' });
      const events: OomEvent[] = [];
      cage.on('oom', (event) => events.push(event));
      const child = cage.spawn('sh', HUNGRY, { memory: '16M' });
      const { path } = child.cage.cgroup;
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', limitBytes: 16 * MIB, path });
      expect(events).toMatchObject([{ cause: 'descendant', limitBytes: 16 * MIB, path, kills: 1 }]);
    });

    test('that of the outer of two, within a call of contain()', async () => {
      await using outer = createCage({ memory: '16M' });
      const inner = outer.contain(() => createCage({ memory: '200M' }));
      const { oom } = inner.contain(() => spawnSync('sh', HUNGRY, { memory: '300M' })).outcome;
      expect(oom).toMatchObject({ cause: 'cage', limitBytes: 16 * MIB, path: outer.cgroup.path });
      const shared = await inner.spawn('sh', HUNGRY).outcome;
      expect(shared.oom).toMatchObject({ cause: 'cage', limitBytes: 16 * MIB, path: outer.cgroup.path });
    });

    test('that of the cage that it shares, which counts as its own', async () => {
      await using cage = createCage({ memory: '16M' });
      const { oom } = await cage.spawn('sh', HUNGRY).outcome;
      expect(oom).toMatchObject({ cause: 'limit', limitBytes: 16 * MIB, path: cage.cgroup.path });
    });

    test('that of a cage around the cage root, as another memcage has it', async () => {
      await using outer = createCage({ memory: '16M' });
      const { path } = outer.cgroup;
      const { oom } = await spawn('sh', HUNGRY, { memory: '100M', parent: path }).outcome;
      expect(oom).toMatchObject({ cause: 'cage', limitBytes: 16 * MIB, path });
    });

    test('that of the directory of its cages, to which somebody gave one', async () => {
      const { path: parent, remove } = makeCgroup();
      const [, script = ''] = HUNGRY;
      const child = spawn('sh', ['-c', `read -r _; ${script}`], { memory: '100M', parent });
      const directory = dirname(child.cage.cgroup.path);
      setLimit(directory, '16M');
      child.stdin.end();
      const { oom } = await child.outcome;
      // v1 itself does not say which, and the cage had none above when it was made.
      const which = isRead || version === 2 ? { limitBytes: 16 * MIB, path: directory } : {};
      expect(oom).toMatchObject({ cause: 'ancestor', ...which });
      remove();
    });

    test('that of a cgroup above', async () => {
      const { path: parent, remove } = makeCgroup('16M');
      const error = await rejection(run('sh', HUNGRY, { memory: '100M', parent }));
      expect(error.outcome.oom).toMatchObject({ cause: 'ancestor', limitBytes: 16 * MIB, path: parent });
      expect(error.message).toContain(`the memory limit of 16 MiB of a cgroup above its cage (${parent})`);
      remove();
    });

    if (version === 1) {
      test('that of one below, which the child has removed before its end', async () => {
        const attempt = () => spawn('sh', nesting('16M', '-', 'remove'), { memory: '100M' }).outcome;
        const { exitCode, oom } = await logged(attempt, (outcome) => !isRead || outcome.oom?.victims !== null);
        expect(exitCode).toBe(0);
        expect(oom).toMatchObject(isRead ? { cause: 'descendant', kills: 1 } : { cause: 'unknown', kills: 0 });
        if (isRead) expect(basename(oom?.path ?? '')).toBe('nested');
      });

      test('one below that was made and removed, and somebody else was killed meanwhile', async () => {
        const attempt = async () => {
          const child = spawn('sh', ['-c', `${MAKE_AND_REMOVE}; read -r _`], { memory: '100M' });
          await spawn('sh', HUNGRY, { memory: '16M' }).outcome;
          child.stdin.end();
          return await child.outcome;
        };
        const { oom } = await logged(attempt, (outcome) => !isRead || outcome.oom === null);
        if (isRead) expect(oom).toBeNull();
        else expect(oom).toMatchObject({ cause: 'unknown', kills: 0 });
      });

      test('one below that was made and removed, and nothing was killed on the machine', async () => {
        // On a shared machine there may be other kills.
        for (let attempt = 0; attempt < 5; attempt += 1) {
          const { exitCode, oom } = await spawn('sh', ['-c', MAKE_AND_REMOVE], { memory: '100M' }).outcome;
          expect(exitCode).toBe(0);
          if (oom === null) return;
        }
        throw new Error('it was never null');
      });
    }

    describeIf(['v1', 'swap-accounting'], 'with swap accounting', () => {
      test('that of one below whose memsw is the same, and is what is hit', async () => {
        const { oom } = await spawn('sh', nesting('16M', '16M', 'keep'), { memory: '100M' }).outcome;
        expect(oom).toMatchObject({ cause: 'descendant', kills: 1, limitBytes: 16 * MIB });
      });
    });

    test('victims: the child, or one that it has started', async () => {
      const victimsOf = (script: string) => async (): Promise<[number | undefined, OomVerdict['victims']]> => {
        const child = spawn('sh', ['-c', script], { memory: '16M', stdio: 'ignore' });
        return [child.pid, (await child.outcome).oom?.victims ?? null];
      };
      const [pid, own] = await logged(
        victimsOf(`exec ${allocate(60)}`),
        ([, told]) => !isRead || told?.[0]?.name === 'dd',
      );
      expect(own).toEqual([{ pid, name: isRead ? 'dd' : 'sh' }]);
      const [other, victims] = await logged(victimsOf(`${allocate(60)}; true`), ([, told]) => !isRead || told !== null);
      if (!isRead) expect(victims).toBeNull();
      else {
        expect(victims).toMatchObject([{ name: 'dd' }]);
        expect(victims?.[0]?.pid).not.toBe(other);
      }
    });

    test('no victim is one that was killed by the caller', async () => {
      const child = spawn('sh', ['-c', `${allocate(60)}; echo; exec sleep 1000`], { memory: '16M' });
      child.stdout.once('data', () => child.kill('SIGKILL'));
      const { signal, oom } = await child.outcome;
      expect({ signal, oom }).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'limit', kills: 1 } });
      expect(oom?.victims ?? []).not.toContainEqual(expect.objectContaining({ pid: child.pid }));
    });
  }
});
