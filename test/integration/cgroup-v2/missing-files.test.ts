import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { release } from 'node:os';
import { Cgroup } from '../../../lib/cgroup/handle/cgroup';
import { killAll } from '../../../lib/cgroup/processes/kill-cgroup';
import { fakeCgroup } from '../../support/cgroups/fake-cgroup';
import { withCode } from '../../support/error-code';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

describeIf('linux', 'a kernel without', () => {
  const fakes: ReturnType<typeof fakeCgroup>[] = [];
  afterEach(() => {
    for (const fake of fakes.splice(0)) fake.remove();
  });

  function fake(files: Parameters<typeof fakeCgroup>[0]): ReturnType<typeof fakeCgroup> {
    const made = fakeCgroup(files);
    fakes.push(made);
    return made;
  }

  function cgroup(files: Parameters<typeof fakeCgroup>[0]): Cgroup {
    return Cgroup.over(fake(files).directory, 2);
  }

  describe('cgroup.kill (before 5.14)', () => {
    let victim: ChildProcess;
    beforeEach(() => {
      victim = spawn('sleep', ['1000']);
    });
    afterEach(() => victim.kill('SIGKILL'));

    async function expectKilled(files: Record<string, string>): Promise<ReturnType<typeof fakeCgroup>> {
      const made = fake({ ...files, 'cgroup.procs': `${victim.pid}\n` });
      const end = once(victim, 'exit');
      killAll(made.directory, undefined);
      expect(await end).toEqual([null, 'SIGKILL']);
      return made;
    }

    test('each process is killed, frozen meanwhile', async () => {
      const made = await expectKilled({ 'cgroup.events': 'populated 1\nfrozen 0\n', 'cgroup.freeze': '5\n' });
      // Thawed again; the former text was overwritten.
      expect(made.read('cgroup.freeze')).toBe('0\n');
    });

    test('and without cgroup.freeze (before 5.2), each process is killed', async () => {
      await expectKilled({ 'cgroup.events': 'populated 1\n' });
    });
  });

  test('memory.current at the root of the hierarchy', () => {
    expect(() => cgroup({ 'cgroup.controllers': 'cpu memory\n', 'memory.stat': 'anon 0\n' }).usage()).toThrow(
      withCode('UNSUPPORTED', 'has no memory.current: it is the root of the hierarchy'),
    );
  });

  test('memory.current without the memory controller', () => {
    expect(() => cgroup({ 'cgroup.controllers': 'cpu\n', 'cgroup.type': 'domain\n' }).usage()).toThrow(
      withCode('UNSUPPORTED', 'has no memory.current: it has no memory controller'),
    );
  });

  testRows(
    'a file says so, and since when there is one',
    [
      ['memory.reclaim', '5.19', (group: Cgroup) => group.reclaim('1M')],
      ['memory.events.local', '5.2', async (group: Cgroup) => group.counts({ local: true })],
      ['memory.events', '4.5', async (group: Cgroup) => group.counts()],
      ['memory.peak', '5.19', async (group: Cgroup) => group.trackPeak()],
      ['memory.swap.high', '5.8', async (group: Cgroup) => group.setLimits({ swapHigh: '1M' })],
      ['memory.zswap.max', '5.19', async (group: Cgroup) => group.setLimits({ zswap: 0 })],
      ['memory.oom.group', '4.19', async (group: Cgroup) => group.setLimits({ oomGroup: true })],
      ['cgroup.freeze', '5.2', (group: Cgroup) => group.freeze()],
    ],
    async ([file, since, use]) => {
      const group = cgroup({ 'memory.max': 'max\n', 'memory.current': '0\n', 'memory.swap.max': 'max\n' });
      const error = await use(group).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toEqual(withCode('UNSUPPORTED', `has no ${file}: it came with Linux ${since}`));
      expect(error).toEqual(withCode('UNSUPPORTED', `this is Linux ${release()}`));
    },
  );

  test('a limit that it lacks: those before it are put back', () => {
    const made = fake({ 'memory.max': 'max\n', 'memory.swap.max': 'max\n', 'memory.high': '8192\n' });
    const group = Cgroup.over(made.directory, 2);
    expect(() => group.setLimits({ high: 4096, zswap: 0 })).toThrow(withCode('UNSUPPORTED', 'memory.zswap: '));
    expect(made.read('memory.high')).toBe('8192\n');
  });

  test('memory.peak has no peak()', () => {
    expect(cgroup({}).peak()).toBeNull();
    expect(cgroup({ 'memory.peak': '4096\n' }).peak()).toBe(4096);
  });

  test('a memory.peak that can be written (before 6.12) has no trackPeak()', () => {
    const group = cgroup({ 'memory.peak': { text: '4096\n', mode: 0o444 } });
    expect(() => group.trackPeak()).toThrow(withCode('UNSUPPORTED', 'Linux 6.12'));
  });

  test('limits that it lacks are left out of limits()', () => {
    const names = Object.keys(cgroup({ 'memory.max': '8192\n', 'memory.swap.high': '4096\n' }).limits());
    expect(names.sort()).toEqual(['max', 'swapHigh', 'swapLimited']);
  });

  test('an end to the freezing, which is given up and taken back', async () => {
    const made = fake({ 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 0\n' });
    await expect(Cgroup.over(made.directory, 2).freeze()).rejects.toThrow(withCode('BUSY', 'state D'));
    expect(made.read('cgroup.freeze')).toBe('0\n');
  });

  test('an end to the freezing, which is thawed meanwhile', async () => {
    const made = fake({ 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 0\n' });
    const group = Cgroup.over(made.directory, 2);
    const freezing = expect(group.freeze()).rejects.toThrow(withCode('BUSY', 'was thawed'));
    expect(made.read('cgroup.freeze')).toBe('1\n');
    await group.thaw();
    await freezing;
  });
});
