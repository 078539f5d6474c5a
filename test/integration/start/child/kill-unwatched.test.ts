import { loadNative } from '../../../../lib/common/addon/load-native';
import { killUnwatched } from '../../../../lib/start/child/kill-unwatched';
import { makeCgroup, read, write } from '../../../support/cgroups/cgroup-tree';
import { cloneOptions } from '../../../support/native/native-child';
import { openFds } from '../../../support/processes/fds';
import { endNow, stateOf } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

const pidfds = (): number => openFds().filter((link) => link.includes('pidfd')).length;

// On v1, a frozen process takes SIGKILL only once it is thawed.
describeIf(['v1', 'root'], 'a child that nobody was told of, and that v1’s freezer holds, is killed', () => {
  const native = loadNative();
  let cgroup: ReturnType<typeof makeCgroup>;
  let pid: number;
  let pidfd: number;
  let before: number;

  beforeEach(async () => {
    cgroup = makeCgroup(undefined, 'freezer');
    before = pidfds();
    const child = native.clone(cloneOptions({ file: '/bin/sleep', args: ['sleep', '1000'] }));
    if ('stage' in child) throw new Error(child.stage);
    ({ pid, pidfd } = child);
    write(cgroup.path, 'cgroup.procs', String(pid));
    write(cgroup.path, 'freezer.state', 'FROZEN');
    await until('frozen', () => read(cgroup.path, 'freezer.state') === 'FROZEN');
  });

  const thaw = (): void => write(cgroup.path, 'freezer.state', 'THAWED');

  afterEach(async () => {
    thaw();
    endNow(pid);
    await until('it has ended', () => stateOf(pid) === undefined);
    cgroup.remove();
    await until('its pidfd is closed', () => pidfds() === before);
  });

  test('at once where the kill of its cage thaws it', () => {
    killUnwatched(native, pidfd, { killAll: thaw });
    expect(stateOf(pid)).toBeUndefined();
  });

  test('and is left to the watcher where nothing thaws it soon', async () => {
    killUnwatched(native, pidfd, undefined);
    expect(stateOf(pid)).toBe('D');
    thaw();
    await until('it is reaped', () => stateOf(pid) === undefined);
  });
});
