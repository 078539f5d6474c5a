import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCage, prepare, run } from 'memcage';
import { diagnose } from 'memcage/machine';
import { removeOwners } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { endNow, processesWith } from '../../../support/processes/processes';
import { until } from '../../../support/until';
import { ADDRESS, inScope, leftovers, MOUNT, ownCgroup, PROGRAM, refusalOf, report, scopes, show } from '../manager';

jest.setTimeout(patience(60_000));
afterAll(removeOwners);

describe('root in a scope that is not delegated', () => {
  const before = ownCgroup();

  test('is root, in such a scope', () => {
    expect(process.getuid?.()).toBe(0);
    expect(show(basename(before), 'Delegate')).toBe('no');
  });

  test('what would be done is told first', async () => {
    const { works, parents } = await diagnose();
    expect(works).toBe(true);
    expect(parents[0]).toMatchObject({ source: 'own', path: `${MOUNT}${before}` });
    expect(parents[0]?.refusal).toMatch('without Delegate=yes');
    expect(parents.at(-1)).toMatchObject({ source: 'systemd', path: ADDRESS, refusal: null });
    expect(scopes()).toEqual([]);
  });

  test('a scope is asked for of the system manager, once', async () => {
    const parent = await prepare();
    expect(parent.source).toBe('systemd');
    const scope = basename(parent.path);
    expect(show(scope, 'Delegate')).toBe('yes');
    expect(show(scope, 'Slice')).toBe('system.slice');
    expect(`${MOUNT}${show(scope, 'ControlGroup')}`).toBe(parent.path);
    expect(`${MOUNT}${ownCgroup()}`).toMatch(new RegExp(`^${parent.path}/memcage-self-${process.pid}-[0-9a-f]+$`));
    expect(readFileSync(join(parent.path, 'cgroup.procs'), 'utf8')).toBe('');

    for (let count = 0; count < 3; count += 1) {
      const { stdout } = await run('cat', ['/proc/self/cgroup'], { memory: '50M', namespaces: { uts: true } });
      expect(stdout).toMatch(`0::${parent.path.slice(MOUNT.length)}/memcage-`);
    }
    expect(scopes()).toEqual([scope]);
  });

  test('the limit holds', async () => {
    const hog = ['if=/dev/zero', 'of=/dev/null', 'bs=80M', 'count=1'];
    const { oom } = await run('dd', hog, { memory: '50M', reject: false });
    expect(oom).toMatchObject({ cause: 'limit', kills: 1 });
  });

  test.each([
    ['a leaf', {}],
    ['a leaf with a limit of its own', { perChild: { memory: '150M' } }],
  ] as const)('a program in %s of a shared cage makes its cages there', async (_, more) => {
    const cage = createCage({ memory: '200M', ...more });
    try {
      const said = await report(
        cage.spawn(process.execPath, [PROGRAM, 'once'], { stdio: ['ignore', 'pipe', 'inherit'] }),
      );
      expect(said.code).toBeUndefined();
      expect(said.child.startsWith(`${said.before}/memcage-`)).toBe(true);
    } finally {
      await cage.close();
    }
  });
});

describe('another program of root', () => {
  test('in a delegated scope makes its cages there, whatever limit that has', async () => {
    const said = await report(inScope(['Delegate=yes', 'MemoryMax=300M'], 'once'));
    expect(said.child.startsWith(`${said.before}/memcage-`)).toBe(true);
    expect(said.after.startsWith(`${said.before}/memcage-self-`)).toBe(true);
  });

  test('in a scope with a limit is not moved out of it', async () => {
    const said = await report(inScope(['MemoryMax=300M'], 'once'));
    expect(said.code).toBe('ERR_MEMCAGE_NO_PARENT');
    expect(refusalOf('systemd', said)).toMatch('would be free of memory.max');
  });

  test('what it leaves when its guardian is killed with it, the next one ends', async () => {
    const hanging = inScope([], 'leave');
    const { after } = await report(hanging);
    const scope = after.split('/').find((name) => name.startsWith('memcage-') && name.endsWith('.scope')) ?? '';
    const pid = Number(/^memcage-(\d+)-/.exec(scope)?.[1]);
    const [guardian = 0] = processesWith(`--guardian=${pid} `);
    process.kill(pid, 'SIGSTOP');
    endNow(guardian);
    endNow(pid);
    await until('it has ended', () => hanging.exitCode !== null || hanging.signalCode !== null);
    expect(scopes()).toContain(scope);
    await report(inScope([], 'once'));
    await until('the scope is gone', () => !scopes().includes(scope), 20_000);
    await until('nothing is left', () => leftovers().length === 0, 20_000);
  });

  test('killed in the middle leaves no scope, cgroup or process', async () => {
    const said = await report(inScope([], 'hang'));
    const scope = said.after.split('/').find((name) => name.startsWith('memcage-') && name.endsWith('.scope')) ?? '';
    expect(scopes()).toContain(scope);
    process.kill(Number(/^memcage-(\d+)-/.exec(scope)?.[1]), 'SIGKILL');
    await until('the scope is gone', () => !scopes().includes(scope), 20_000);
    await until('nothing is left', () => leftovers().length === 0, 20_000);
  });
});
