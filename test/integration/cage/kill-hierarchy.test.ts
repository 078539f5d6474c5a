import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type * as Memcage from 'memcage';
import { fixture } from '../../support/cage-kinds';
import { cagesOf, cgroupOf, members, mountPoint, read, version, write } from '../../support/cgroups/cgroup-tree';
import { KILL_MEANS, memcageWithout } from '../../support/cgroups/kill-means';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { processesWith } from '../../support/processes/processes';
import { compile } from '../../support/processes/programs';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const PROCESSES = '100';
// Each bomb has its own user, since the limit counts all processes of a user.
const FIRST_UID = 1_000_000;
let bombs = 0;

// With only kill(2) it takes several passes, while cgroup.kill does it in a millisecond.
const PATIENCE_MS = patience(8000);

describeIf([version === 2 ? 'cgroup' : 'hybrid', 'root'], 'the end of a fork bomb', () => {
  describe.each(KILL_MEANS)('with %s', (_, missing, hierarchy) => {
    let memcage: typeof Memcage;
    let bomb: ReturnType<typeof compile>;

    beforeAll(() => {
      bomb = compile(fixture('fork-bomb.c'));
    });
    afterAll(() => bomb.remove());

    expectNothingLeft(() => {
      memcage = memcageWithout(missing);
      return memcage.run('true', { memory: '8M' });
    });

    /** The main process waits for the end of stdin. */
    function command(): [string, string[]] {
      bombs += 1;
      const uid = String(FIRST_UID + (process.pid % 10_000) * 100 + bombs);
      return ['sh', ['-c', '"$0" "$1" "$2" & read -r _', bomb.path, PROCESSES, uid]];
    }

    /** Waits for the bomb, or for the end of main: the kernel may kill main when the bomb has used up the memory. */
    async function raging(child: ChildProcess & Memcage.Caged): Promise<void> {
      const isOff = () => members(child.cage.cgroup.path).length > Number(PROCESSES) / 2;
      await until('the bomb is off', () => isOff() || child.exitCode !== null || child.signalCode !== null);
      // If main has ended, memory killed it.
      expect(child.exitCode).toBeNull();
    }

    test('it is what is used', () => {
      const hierarchies = (['memory', 'unified', 'freezer'] as const).filter((name) =>
        cagesOf(process.pid).some((path) => mountPoint(name) !== '' && path.startsWith(`${mountPoint(name)}/`)),
      );
      // On v2 they are the same.
      const ofMemory = version === 2 ? ['memory', 'unified'] : ['memory'];
      expect(hierarchies).toEqual([...ofMemory, ...(hierarchy === undefined ? [] : [hierarchy])]);
    });

    if (hierarchy === 'freezer') {
      test('a cage that is frozen by it is refused, and ends all the same', async () => {
        const cage = memcage.createCage({ memory: '50M' });
        const member = cage.spawn('sleep', ['1000'], { stdio: 'ignore' });
        const number = basename(cage.cgroup.path);
        const frozen = cagesOf(process.pid).find(
          (path) => path.includes('/freezer/') && /-[0-9a-f]+\/\d+$/.test(path) && basename(path) === number,
        );
        write(frozen ?? '', 'freezer.state', 'FROZEN');
        await until('frozen', () => read(frozen ?? '', 'freezer.state') === 'FROZEN');
        const refusal = expect.objectContaining({ code: 'ERR_MEMCAGE_FROZEN' }) as Error;
        expect(() => cage.spawn('true')).toThrow(refusal);
        await cage.close();
        const { signal, error } = await member.outcome;
        expect({ signal, error }).toEqual({ signal: 'SIGKILL', error: null });
      });

      test.each(['close', 'kill'] as const)('%s() ends what has frozen itself below', async (way) => {
        const cage = memcage.createCage({ memory: '50M' });
        const member = cage.spawn('sleep', ['1000'], { stdio: 'ignore' });
        const nested = join(cgroupOf(Number(member.pid), 'freezer'), 'nested', 'deeper');
        mkdirSync(nested, { recursive: true });
        write(nested, 'cgroup.procs', String(member.pid));
        write(nested, 'freezer.state', 'FROZEN');
        await until('frozen', () => read(nested, 'freezer.state') === 'FROZEN');
        try {
          await cage[way]();
          const { signal, error } = await member.outcome;
          expect({ signal, error }).toEqual({ signal: 'SIGKILL', error: null });
        } finally {
          if (existsSync(nested)) write(nested, 'freezer.state', 'THAWED');
          await cage.close();
        }
      });
    }

    test('in a private cage, when main ends', async () => {
      const child = memcage.spawn(...command(), { memory: '50M' });
      await raging(child);
      child.stdin.end();
      const start = performance.now();
      const { error, exitCode, oom } = await child.outcome;
      expect(error).toBeNull();
      // The bomb may have used up the memory, and the kernel may have killed main for it.
      expect(exitCode === 1 || oom !== null).toBe(true);
      expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
      expect(processesWith(bomb.path)).toEqual([]);
    });

    test('in a shared cage, by kill() and by close()', async () => {
      const cage = memcage.createCage({ memory: '50M' });
      const child = cage.spawn(...command(), {});
      await raging(child);
      const start = performance.now();
      await cage.kill();
      expect(members(cage.cgroup.path)).toEqual([]);
      await child.outcome;

      const other = cage.spawn(...command(), {});
      await raging(other);
      await cage.close();
      await other.outcome;
      expect(performance.now() - start).toBeLessThan(2 * PATIENCE_MS);
      expect(processesWith(bomb.path)).toEqual([]);
    });
  });
});
