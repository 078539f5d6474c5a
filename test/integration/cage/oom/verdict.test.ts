import { type ChildProcess, execFileSync, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCage, ExitError, MemoryLimitError, type OomEvent, run, type SharedCage, spawn } from 'memcage';
import { allocate, fixture, type Kind, kinds, type Place, place, said } from '../../../support/cage-kinds';
import {
  cgroupOf,
  makeBelow,
  makeCgroup,
  OWN_CGROUP_IN_SHELL,
  oomKills,
  placeForStrangers,
  readKey,
  version,
} from '../../../support/cgroups/cgroup-tree';
import { starts } from '../../../support/children/starts';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

const OTHERS = Math.max(2, starts(10));

/** `sh -c` that runs a command, says "done", and waits for the end of stdin. The counters can be read meanwhile. */
function waiting(command: string): [string, string[]] {
  return ['sh', ['-c', `${command}; echo done; read -r _; exit 0`]];
}

/** A process that memcage does not know of, under the limit of a cgroup. */
function foreigner(group: string, command: string): ChildProcess {
  const place = placeForStrangers(group);
  return nodeSpawn('sh', ['-c', `echo 0 >"$0/cgroup.procs"; ${command}`, place], { stdio: 'ignore' });
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it did not reject');
    },
    (error: unknown) => error,
  );
}

/** The kernel may still have room for one or two: it charges a cgroup in advance on each processor. */
async function startUntilRefused(cage: SharedCage): Promise<void> {
  for (let count = 0; count < 20; count += 1) {
    const child = cage.spawn('sleep', ['1000'], { stdio: 'ignore' });
    // The event reports it as well.
    child.outcome.catch(() => {});
    await once(child, 'spawn');
  }
}

describeIf('cgroup', `the verdict on cgroup v${version}`, () => {
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  describe.each(kinds)('in a %s cage', (kind: Kind) => {
    const places: Place[] = [];
    const groups: ReturnType<typeof makeCgroup>[] = [];

    function enter(...args: Parameters<typeof place> extends [Kind, infer O] ? [O] : never): Place {
      const entered = place(kind, ...args);
      places.push(entered);
      return entered;
    }

    function limitedCgroup(limit: string): string {
      const group = makeCgroup(limit);
      groups.push(group);
      return group.path;
    }

    afterEach(async () => {
      for (const { close } of places.splice(0)) await close();
      for (const { remove } of groups.splice(0)) remove();
    });

    test('own limit, a worker is killed and main goes on', async () => {
      const child = enter({ memory: '8M' }).spawn(...waiting(`${allocate(30)}; ${allocate(30)}`));
      await said(child, 'done');
      const kills = oomKills(child.cage.cgroup.path);
      child.stdin.end();
      expect(kills).toBe(2);
      expect(await child.outcome).toMatchObject({ exitCode: 0, signal: null, oom: { cause: 'limit', kills } });
    });

    test('own limit, main is killed', async () => {
      const outcome = await enter({ memory: '8M' }).spawn('sh', ['-c', `exec ${allocate(30)}`]).outcome;
      expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGKILL', oom: { cause: 'limit', kills: 1 } });
      expect(outcome.memory.limitBytes).toBe(8 << 20);
    });

    test("an ancestor's limit", async () => {
      const parent = limitedCgroup('8M');
      const child = enter({ memory: '64M', parent }).spawn(...waiting(allocate(30)));
      await said(child, 'done');
      const kills = oomKills(parent);
      child.stdin.end();
      expect(kills).toBe(1);
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: { cause: 'ancestor', kills } });
    });

    test('an ancestor far above', async () => {
      const parent = makeBelow(limitedCgroup('8M'), 'between');
      const { outcome } = enter({ memory: '64M', parent }).spawn('sh', ['-c', allocate(30)]);
      expect((await outcome).oom).toMatchObject({ cause: 'ancestor', kills: 1 });
    });

    if (version === 2) {
      test("an ancestor's limit that is the same: whichever the kernel says was hit", async () => {
        const parent = limitedCgroup('16M');
        const child = enter({ memory: '16M', parent }).spawn(...waiting(allocate(30)));
        await said(child, 'done');
        const oomAt = (path: string) => readKey(path, 'memory.events.local', 'oom');
        // The limit of a shared cage is that of the cage, or of its leaf.
        const own = [child.cage.cgroup.path, cgroupOf(child.pid ?? 0)].some((path) => oomAt(path) > 0);
        expect(own !== oomAt(parent) > 0).toBe(true);
        child.stdin.end();
        expect((await child.outcome).oom).toMatchObject({ cause: own ? 'limit' : 'ancestor', kills: 1 });
      });
    }

    test("its own limit although an ancestor's was hit before", async () => {
      const parent = limitedCgroup('40M');
      const child = enter({ memory: '16M', parent }).spawn('sh', ['-c', `echo done; read -r _; exec ${allocate(30)}`]);
      await said(child, 'done');
      await once(foreigner(parent, `exec ${allocate(60)}`), 'exit');
      expect(oomKills(placeForStrangers(parent))).toBe(1);
      child.stdin.end();
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
    });

    test("the whole parent's OOM with the victim elsewhere", async () => {
      const parent = limitedCgroup('24M');
      const child = enter({ memory: '16M', parent }).spawn(...waiting(':'));
      await said(child, 'done');
      await once(foreigner(parent, `exec ${allocate(60)}`), 'exit');
      expect(oomKills(placeForStrangers(parent))).toBe(1);
      expect(oomKills(dirname(child.cage.cgroup.path))).toBe(0);
      child.stdin.end();
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
    });

    /** A child with a cgroup below its own, in which it allocates 30 MiB when told to. */
    async function nesting(entered: Place, limit: string): Promise<ReturnType<Place['spawn']>> {
      const command = [fixture('nested.sh'), limit, ...allocate(30).split(' ')];
      const script = `${OWN_CGROUP_IN_SHELL}; fixture=$1; shift; exec sh "$fixture" "$own" "$@"`;
      const child = entered.spawn('sh', ['-c', script, 'sh', ...command]);
      await said(child, 'ready');
      return child;
    }

    test('a limit that the child has set below its own', async () => {
      const child = await nesting(enter({ memory: '64M' }), '8M');
      child.stdin.write('go\nkeep\n');
      await said(child, 'done');
      const kills = oomKills(child.cage.cgroup.path);
      child.stdin.end();
      expect(kills).toBe(1);
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: { cause: 'descendant', kills } });
    });

    test('its own limit with the victim in a cgroup below', async () => {
      const child = await nesting(enter({ memory: '8M' }), '-');
      child.stdin.write('go\nkeep\n');
      await said(child, 'done');
      const kills = oomKills(child.cage.cgroup.path);
      child.stdin.end();
      expect(kills).toBe(1);
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills });
    });

    test('a kill that was seen in a cgroup below counts when its owner has removed that', async () => {
      const child = await nesting(enter({ memory: '8M' }), '-');
      const events: OomEvent[] = [];
      child.cage.on('oom', (event) => events.push(event));
      child.stdin.write('go\n');
      await until('an event', () => events.length > 0);
      child.stdin.write('remove\n');
      await said(child, 'done');
      expect(oomKills(child.cage.cgroup.path)).toBe(version === 1 ? 0 : 1);
      child.stdin.end();
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
      expect(events).toMatchObject([{ cause: 'limit', kills: 1, totalKills: 1, underOom: false }]);
    });

    test('a kill that nobody has seen in a cgroup below, before its owner removed that', async () => {
      const parent = limitedCgroup('40M');
      const child = await nesting(enter({ memory: '16M', parent }), '-');
      // An OOM of the parent, with the victim elsewhere, makes memcage look at the cgroups below.
      await once(foreigner(parent, `exec ${allocate(60)}`), 'exit');
      const nested = join(cgroupOf(child.pid ?? 0), version === 1 ? 'nested' : '../nested');
      expect(existsSync(nested)).toBe(true);
      // If the loop is late, timers run before notifications that came meanwhile.
      await new Promise((resolve) => setTimeout(resolve, patience(50)));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      child.stdin.write('go\nremove\n');
      // The loop is blocked, so memcage notices nothing meanwhile.
      execFileSync('sh', ['-c', 'while [ -d "$0" ]; do sleep 0.01; done', nested], { timeout: patience(15_000) });
      await said(child, 'done');
      child.stdin.end();
      const { exitCode, oom } = await child.outcome;
      expect(exitCode).toBe(0);
      // v2 keeps the counts of a removed cgroup. On v1, only the kernel's log has them, if the kill was logged.
      const known = { cause: 'limit', kills: 1 };
      expect(oom).toMatchObject(version === 2 || oom?.kills === 1 ? known : { cause: 'unknown', kills: 0 });
    });

    test("a sibling cage's OOM at the same time", async () => {
      const child = enter({ memory: '8M' }).spawn(...waiting(':'));
      await said(child, 'done');
      const sibling = await enter({ memory: '8M' }).spawn('sh', ['-c', `exec ${allocate(30)}`]).outcome;
      child.stdin.end();
      expect(sibling.oom).toMatchObject({ cause: 'limit', kills: 1 });
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
    });

    test('SIGKILL from outside', async () => {
      const entered = enter({ memory: '64M' });
      const child = entered.spawn(...waiting(':'));
      await said(child, 'done');
      process.kill(child.pid ?? 0, 'SIGKILL');
      expect(await child.outcome).toMatchObject({ exitCode: null, signal: 'SIGKILL', oom: null });

      const error = await rejection(entered.run('sh', ['-c', 'kill -9 $$']));
      expect(error).toBeInstanceOf(ExitError);
      expect(error).toMatchObject({ code: 'ERR_MEMCAGE_EXIT', outcome: { signal: 'SIGKILL', oom: null } });
    });

    test('exit code 137 of its own accord', async () => {
      const error = await rejection(enter({ memory: '64M' }).run('sh', ['-c', 'exit 137']));
      expect(error).toBeInstanceOf(ExitError);
      expect(error).toMatchObject({ outcome: { exitCode: 137, signal: null, oom: null } });
    });

    test('run() rejects with MemoryLimitError when main, or only a worker, was killed for memory', async () => {
      for (const [script, exitCode] of [
        [`exec ${allocate(30)}`, null],
        [`${allocate(30)}; exit 0`, 0],
        [`${allocate(30)}; exit 5`, 5],
      ] as const) {
        const error = await rejection(enter({ memory: '8M' }).run('sh', ['-c', script]));
        expect(error).toBeInstanceOf(MemoryLimitError);
        expect(error).toMatchObject({
          code: 'ERR_MEMCAGE_MEMORY_LIMIT',
          outcome: { exitCode, oom: { cause: 'limit', kills: 1 }, memory: { limitBytes: 8 << 20 } },
        });
      }
    });

    test('run() with reject: false resolves with the same verdicts', async () => {
      const entered = enter({ memory: '8M' });
      const options = { reject: false };
      const killed = await entered.run('sh', ['-c', `exec ${allocate(30)}`], options);
      expect(killed).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'limit', kills: 1 } });
      expect(await entered.run('sh', ['-c', 'exit 137'], options)).toMatchObject({ exitCode: 137, oom: null });
      expect(await entered.run('sh', ['-c', 'kill -9 $$'], options)).toMatchObject({ signal: 'SIGKILL', oom: null });
      expect(await entered.run('true', [], options)).toMatchObject({ exitCode: 0, oom: null });
    });

    test('an end without trouble after many OOMs of others', async () => {
      const child = enter({ memory: '8M' }).spawn(...waiting(':'));
      await said(child, 'done');
      const others = Array.from({ length: OTHERS }, () =>
        spawn('sh', ['-c', `exec ${allocate(30)}`], { memory: '8M' }),
      );
      for (const { outcome } of others) expect((await outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
      child.stdin.end();
      expect((await child.outcome).oom).toBeNull();
    });

    test('the cage was removed by someone else: a SIGKILL may have been for memory, another end was not', async () => {
      for (const [last, oom] of [
        ['kill -9 $$', { cause: 'unknown', kills: 0 }],
        ['exit 3', null],
      ] as const) {
        const child = enter({ memory: '64M' }).spawn('sh', [
          '-c',
          `${OWN_CGROUP_IN_SHELL}
           echo $$ >${cgroupOf('self')}/cgroup.procs; until rmdir "$own"; do :; done 2>/dev/null; echo done
           read -r _; ${last}`,
        ]);
        await said(child, 'done');
        child.stdin.end();
        expect(await child.outcome).toMatchObject({ oom, memory: { limitBytes: 64 << 20, peakBytes: null } });
      }
    });

    describeIf(['v1', 'stress'], 'without an OOM killer', () => {
      test('the child waits, nothing is counted, a second start is refused with the reason, kill() works', async () => {
        const cage = kind === 'shared' ? createCage({ memory: { max: '16M', oomKill: false } }) : undefined;
        const args = ['-m', '1', '--vm-bytes', '64M', '--vm-keep', '--quiet'];
        const child =
          cage?.spawn('stress', args, { stdio: 'ignore' }) ??
          spawn('stress', args, { stdio: 'ignore', memory: { max: '16M', oomKill: false } });
        const events: OomEvent[] = [];
        child.cage.on('oom', (event) => events.push(event));
        const { path } = child.cage.cgroup;
        const leaf = cgroupOf(child.pid ?? 0);
        await until('under OOM', () => readKey(leaf, 'memory.oom_control', 'under_oom') === 1);

        for (let attempt = 0; cage !== undefined && attempt < 3; attempt += 1) {
          const error = await rejection(startUntilRefused(cage));
          expect(error).toMatchObject({ code: 'ERR_MEMCAGE_LIMIT_TOO_SMALL' });
          expect((error as Error).message).toContain('oomKill');
        }
        expect(oomKills(path)).toBe(0);
        expect(child.cage.cgroup.limits().oomKill).toBe(false);
        expect(isAlive(child.pid ?? 0)).toBe(true);
        await until('the event', () => events.length > 0);

        await child.cage.kill();
        expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
        for (const event of events) {
          expect(event).toMatchObject({
            cause: 'limit',
            kills: 0,
            totalKills: 0,
            underOom: true,
            message: expect.stringMatching(/^processes wait for memory at their memory limit of 16 MiB$/) as string,
          });
        }
        await cage?.close();
      });
    });
  });

  test("a shared cage's own limit takes one child: that one's verdict is the limit, the other has none", async () => {
    await using cage = createCage({ memory: '24M' });
    const events: OomEvent[] = [];
    cage.on('oom', (event) => events.push(event));
    // Neither exceeds the limit by itself.
    const holding = `x=$(head -c 10M /dev/zero | tr '\\0' x)`;
    const first = cage.spawn(...waiting(holding), {});
    await said(first, 'done');
    const second = await cage.spawn('sh', ['-c', `exec ${allocate(20)}`]).outcome;
    expect(oomKills(cage.cgroup.path)).toBe(version === 1 ? 0 : 1);
    first.stdin.end();
    expect(second).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'limit', kills: 1 } });
    expect(await first.outcome).toMatchObject({ exitCode: 0, oom: null });
    expect(events).toMatchObject([{ cause: 'limit', kills: 1, totalKills: 1, underOom: false }]);
  });
});

describeIf(['cgroup', 'stress'], 'what a cage that is closed says of its children', () => {
  /** Each is told of at once. */
  const ROUNDS = starts(10);
  const HUNGRY = ['--vm-bytes', '60m', '--vm-keep', '-m', '1'] as const;

  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('a private one: killed, and not for memory', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = spawn('sleep', ['100'], { memory: '10M', stdio: 'ignore' });
      await child.cage.close();
      expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
    }
  });

  test('a shared one, just after an OOM kill: that it was one, and whose', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const cage = createCage({ memory: '20M' });
      const idle = cage.spawn('sleep', ['100'], { stdio: 'ignore' });
      const hungry = cage.spawn('stress', HUNGRY, { stdio: 'ignore' });
      await new Promise((resolve) => cage.once('oom', resolve));
      await cage.close();
      expect(await idle.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
      expect((await hungry.outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
    }
  });
});
