import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { read, write } from '../../support/cgroups/cgroup-tree';
import { home, uniqueName } from '../../support/cgroups/v2-home';
import { drawn } from '../../support/drawn';
import { withCode } from '../../support/error-code';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { mark } from '../../support/processes/mark';
import { endNow, isAlive, processesWith } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

const SLEEP = `sleep ${mark()}`;

/** Shell code: starts a process that nobody waits for in a cgroup. */
const inhabit = (path: string, file = 'cgroup.procs') => `(echo 0 > ${path}/${file} && exec setsid ${SLEEP}) &`;

/** Shell code: waits until the last that was started there is in that, and has become what it is to be. */
const inhabited = 'until read -r is </proc/$!/comm && [ "$is" = sleep ]; do :; done;';

// What a program may do to its own cgroup, which is its working directory.
const mess = {
  populated: `mkdir -p a/b; ${inhabit('a')} ${inhabit('a/b')}`,
  frozen: `mkdir -p a/b; ${inhabit('a/b')} ${inhabited} ${inhabit('a')} ${inhabited} echo 1 > a/cgroup.freeze`,
  threaded: `mkdir a; echo threaded > a/cgroup.type; mkdir a/b; echo threaded > a/b/cgroup.type;
    ${inhabit('a', 'cgroup.threads')} ${inhabit('a/b', 'cgroup.threads')}`,
  'threaded and frozen': `mkdir a; echo threaded > a/cgroup.type; ${inhabit('a', 'cgroup.threads')}
    ${inhabited} echo 1 > a/cgroup.freeze`,
  'chmod 000': `mkdir -p a/b/c; ${inhabit('a')} ${inhabited} ${inhabit('a/b/c')} ${inhabited}
    chmod 000 a/b/c/* a/b/c a/b/* a/b a/* a 2>/dev/null; chmod 000 cgroup.* memory.* .`,
};

const inOwnCgroup = (script: string) =>
  `cd "$0$(sed -n 's/^0:://p' /proc/self/cgroup)" || exit 9
   ${script}
   echo done; read -r _`;

const MOUNT = '/sys/fs/cgroup';

describeIf('v2', 'what a program has made of its cgroup', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  async function messy(): Promise<void> {
    await until('inhabited', () => processesWith(SLEEP).length > 0);
  }

  type Mess = (typeof all)[number];
  const all = Object.entries(mess);
  const rows = (salt: number): readonly Mess[] => drawn(all, 3, salt);
  const options = { name: ([name]: Mess) => name };
  const commandOf = (script: string): [string, string[]] => ['sh', ['-c', inOwnCgroup(script), MOUNT]];

  testRows(
    'goes with the end of a private cage',
    rows(0),
    async ([, script]) => {
      const child = spawn(...commandOf(script), { memory: '32M', parent: home(), stdio: 'pipe' });
      const { path } = child.cage.cgroup;
      await said(child, 'done');
      await messy();
      child.stdin.end();
      const { exitCode, error } = await child.outcome;
      expect({ exitCode, error }).toEqual({ exitCode: 1, error: null });
      expect(processesWith(SLEEP)).toEqual([]);
      expect(existsSync(path)).toBe(false);
    },
    options,
  );

  testRows(
    'goes with close()',
    rows(1),
    async ([, script]) => {
      const cage = createCage({ memory: '32M', parent: home() });
      const child = cage.spawn(...commandOf(script), { stdio: 'pipe' });
      await said(child, 'done');
      await messy();
      await cage.close();
      const { signal, error } = await child.outcome;
      expect({ signal, error }).toEqual({ signal: 'SIGKILL', error: null });
      expect(processesWith(SLEEP)).toEqual([]);
      expect(existsSync(cage.cgroup.path)).toBe(false);
    },
    options,
  );

  testRows(
    'goes with kill() and remove()',
    rows(2),
    async ([, script]) => {
      using group = Cgroup.create(uniqueName('removal'), { parent: home(), memory: '32M' });
      const wait = 'read -r _; ';
      const child = spawn('sh', ['-c', `${wait}${inOwnCgroup(script)}`, MOUNT], {
        memory: '32M',
        parent: home(),
        stdio: 'pipe',
      });
      group.add(child.pid ?? 0);
      child.stdin.write('\n');
      await said(child, 'done');
      await messy();
      await expect(group.remove()).rejects.toThrow(withCode('BUSY'));
      await group.kill();
      await until('no process', () => processesWith(SLEEP).length === 0);
      await group.remove();
      await child.outcome;
      expect(existsSync(group.path)).toBe(false);
    },
    options,
  );
});

describeIf('v2', 'a threaded cgroup', () => {
  // Two threads of one process in one cgroup, the others in the cgroup above.
  const THREADS = `
    const { readdirSync, writeFileSync } = require('node:fs');
    const [path] = process.argv.slice(1);
    const threads = readdirSync('/proc/self/task').slice(-2);
    for (const tid of threads) writeFileSync(path + '/cgroup.threads', tid);
    console.log('done', process.pid, ...threads);
    setInterval(() => {}, 1000);`;

  test(
    'has processes, and kill() ends them whole, also frozen',
    async () => {
      for (const frozen of drawn([false, true], 1)) {
        using root = Cgroup.create(uniqueName('threaded'), { parent: home() });
        const below = join(root.path, 'below');
        mkdirSync(below);
        write(below, 'cgroup.type', 'threaded');
        const child = spawn('sh', ['-c', 'read -r _; exec "$0" -e "$1" "$2"', process.execPath, THREADS, below], {
          stdio: 'pipe',
        });
        let output = '';
        child.stdout.on('data', (data: Buffer) => {
          output += data.toString();
        });
        root.add(child.pid ?? 0);
        child.stdin.end('\n');
        const [, ids = ''] = await until('moved', () => /done (.*)\n/.exec(output));
        const [pid = 0, ...threads] = ids.split(' ').map(Number);
        using group = Cgroup.open(below);
        expect(group.pids()).toEqual([pid]);
        expect(group.threads().sort()).toEqual(threads.sort());
        expect(root.pids()).toEqual([pid]);
        if (frozen) {
          await group.freeze();
          expect(group.isFrozen()).toBe(true);
        }
        await expect(group.remove()).rejects.toThrow(withCode('BUSY', String(pid)));
        await group.kill();
        await until('ended', () => !isAlive(pid));
        await until('empty', () => read(root.path, 'cgroup.events').includes('populated 0'));
        await root.remove();
        endNow(child.pid ?? 0);
      }
    },
    patience(60_000),
  );
});
