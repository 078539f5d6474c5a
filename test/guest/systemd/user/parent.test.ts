import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCage, prepare, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { diagnose } from 'memcage/machine';
import { native } from 'memcage/native';
import { removeOwners } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { until } from '../../../support/until';
import {
  ADDRESS,
  inScope,
  leftovers,
  MOUNT,
  ownCgroup,
  refusalOf,
  report,
  scopes,
  show,
  startInScope,
} from '../manager';

jest.setTimeout(patience(60_000));
afterAll(removeOwners);

describe('without a delegated cgroup', () => {
  const before = ownCgroup();

  test('what would be done is told first', async () => {
    const { works, parents, findings } = await diagnose();
    expect(works).toBe(true);
    expect(parents[0]).toMatchObject({ source: 'own', path: `${MOUNT}${before}` });
    expect(parents[0]?.refusal).toMatch('without Delegate=yes');
    expect(parents.at(-1)).toMatchObject({ source: 'systemd', path: ADDRESS, refusal: null });
    expect(findings.find(({ name }) => name === 'systemd')).toMatchObject({ state: 'ok' });
    expect(ownCgroup()).toBe(before);
    expect(scopes()).toEqual([]);
  });

  test('a name that is taken is told as such, and moves nothing', async () => {
    const unit = `memcage-test-${process.pid}.scope`;
    const other = startInScope([`--unit=${unit}`], ['sleep', '1000']);
    await until('the scope is there', () => show(unit, 'ActiveState') === 'active');
    const request = { address: ADDRESS, name: unit, description: 'taken', timeoutMs: patience(5000) };
    expect(native.startScope(request)).toMatchObject({
      step: 'request',
      error: 'org.freedesktop.systemd1.UnitExists',
    });
    expect(native.isDelegated({ address: ADDRESS, unit, timeoutMs: patience(5000) })).toEqual({ delegated: false });
    expect(ownCgroup()).toBe(before);
    other.kill('SIGKILL');
    await until('the scope is gone', () => show(unit, 'ActiveState') === 'inactive');
  });

  test('a scope is asked for, once, and this process moved into a leaf of it', async () => {
    const parent = await prepare();
    expect(parent.source).toBe('systemd');
    const scope = basename(parent.path);
    expect(scope).toMatch(new RegExp(`^memcage-${process.pid}-[0-9a-f]+\\.scope$`));
    expect(show(scope, 'Delegate')).toBe('yes');
    expect(show(scope, 'Slice')).toBe('app.slice');
    expect(`${MOUNT}${show(scope, 'ControlGroup')}`).toBe(parent.path);
    expect(`${MOUNT}${ownCgroup()}`).toMatch(new RegExp(`^${parent.path}/memcage-self-${process.pid}-[0-9a-f]+$`));
    expect(readFileSync(join(parent.path, 'cgroup.procs'), 'utf8')).toBe('');

    for (let count = 0; count < 3; count += 1) {
      const { stdout } = await run('cat', ['/proc/self/cgroup'], { memory: '50M' });
      expect(stdout).toMatch(`0::${parent.path.slice(MOUNT.length)}/memcage-`);
    }
    expect(await prepare()).toEqual(parent);
    expect(scopes()).toEqual([scope]);
  });

  test('the limit is in the kernel, and holds', async () => {
    const child = spawn('sleep', ['1000'], { memory: { max: '50M', swap: 0 } });
    const { path } = child.cage.cgroup;
    expect(readFileSync(join(path, 'memory.max'), 'utf8')).toBe('52428800\n');
    child.kill('SIGKILL');
    await child.outcome;
    expect(existsSync(path)).toBe(false);

    const { oom } = await run('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=80M', 'count=1'], {
      memory: '50M',
      reject: false,
    });
    expect(oom).toMatchObject({ cause: 'limit', kills: 1 });
  });

  test('with namespaces, in a user namespace', async () => {
    const script = 'echo $$; cat /proc/self/uid_map; hostname';
    const { stdout } = await run('sh', ['-c', script], {
      memory: '50M',
      namespaces: { uts: { hostname: 'caged' }, mount: true, pid: true },
    });
    expect(stdout.trim().split(/\s+/)).toEqual(['1', '1000', '1000', '1', 'caged']);
  });

  test('with subordinate ids', async () => {
    const user = { uid: 0, gid: 0, subordinate: true };
    const { stdout } = await run('cat', ['/proc/self/uid_map'], { memory: '50M', namespaces: { user } });
    const lines = stdout.trim().split('\n');
    expect(lines[0]?.trim().split(/\s+/)).toEqual(['0', '1000', '1']);
    expect(lines[1]?.trim().split(/\s+/)).toEqual(['1', '100000', '65536']);
  });

  test('a shared cage, and a cgroup by hand', async () => {
    const cage = createCage({ memory: '50M' });
    const outcomes = await Promise.all([cage.run('true'), cage.run('true')]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    await cage.close();
    const group = Cgroup.create('by-hand', { memory: '50M' });
    expect(readFileSync(join(group.path, 'memory.max'), 'utf8')).toBe('52428800\n');
    await group.remove();
  });
});

describe('another program of this user', () => {
  test('in a delegated scope makes its cages there, whatever limit that has', async () => {
    const said = await report(inScope(['Delegate=yes', 'MemoryMax=300M'], 'once'));
    expect(said.child.startsWith(`${said.before}/memcage-`)).toBe(true);
    expect(said.after).toMatch(/\/memcage-self-/);
    expect(said.after.startsWith(`${said.before}/`)).toBe(true);
  });

  test('in a scope with a limit is not moved out of it', async () => {
    const said = await report(inScope(['MemoryMax=300M'], 'once'));
    expect(said.code).toBe('ERR_MEMCAGE_NO_PARENT');
    expect(refusalOf('own', said)).toMatch('without Delegate=yes');
    expect(refusalOf('systemd', said)).toMatch('would be free of memory.max');
  });

  test('that does not want systemd to be asked is told what there was', async () => {
    const said = await report(inScope([], 'once', { MEMCAGE_SYSTEMD: '0' }));
    expect(said.code).toBe('ERR_MEMCAGE_NO_PARENT');
    expect(refusalOf('systemd', said)).toMatch('MEMCAGE_SYSTEMD=0');
  });

  test('that can not reach the bus is told so', async () => {
    const said = await report(inScope([], 'once', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' }));
    expect(said.code).toBe('ERR_MEMCAGE_NO_PARENT');
    expect(refusalOf('systemd', said)).toMatch('its bus does not answer');
  });

  test('killed in the middle leaves no scope, cgroup or process', async () => {
    const child = inScope([], 'hang');
    const said = await report(child);
    const scope = said.after.split('/').find((name) => name.startsWith('memcage-') && name.endsWith('.scope')) ?? '';
    expect(scopes()).toContain(scope);
    const pid = Number(/^memcage-(\d+)-/.exec(scope)?.[1]);
    process.kill(pid, 'SIGKILL');
    await until('the scope is gone', () => !scopes().includes(scope), 20_000);
    await until('nothing is left', () => leftovers().length === 0, 20_000);
    expect(leftovers()).toEqual([]);
  });
});
