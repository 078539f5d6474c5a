import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createCage, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { expectNothingLeft } from '../../support/nothing-left';
import { mark } from '../../support/processes/mark';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const MIB = 1 << 20;

describeIf('cgroup', 'the processes of a cgroup', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('in the order of their tree', async () => {
    const sleeps = [mark(), mark(), mark()] as const;
    const script = `sleep ${sleeps[0]} & sh -c 'sleep ${sleeps[1]} & echo started; wait' & sleep ${sleeps[2]} & wait`;
    await using cage = createCage({ memory: '64M' });
    const shell = cage.spawn('sh', ['-c', script]);
    const alone = cage.spawn('cat');
    await said(shell, 'started');
    let processes = cage.cgroup.processes();
    // In the middle of an exec, a process has its new name but no command yet.
    const started = (name: string): number => processes.filter(({ command }) => command[0] === name).length;
    await until('all are started', () => {
      processes = cage.cgroup.processes();
      return started('sleep') === 3 && started('cat') === 1;
    });

    const of = (command: string) => processes.find((each) => each.command.join(' ') === command);
    const inner = processes.find((each) => each.command[0] === 'sh' && each.pid !== shell.pid);
    expect(processes.map(({ depth }) => depth)).toEqual([0, 1, 1, 2, 1, 0]);
    expect(processes[0]).toMatchObject({
      pid: shell.pid,
      ownPid: shell.pid,
      parentPid: process.pid,
      name: 'sh',
      command: ['sh', '-c', script],
    });
    expect(inner).toMatchObject({ parentPid: shell.pid, depth: 1 });
    expect(of(`sleep ${sleeps[1]}`)).toMatchObject({ parentPid: inner?.pid, depth: 2, name: 'sleep' });
    expect(of(`sleep ${sleeps[2]}`)).toMatchObject({ parentPid: shell.pid, depth: 1 });
    expect(of('cat')).toMatchObject({ pid: alone.pid, depth: 0 });
    expect(processes.map(({ pid }) => pid).sort()).toEqual(cage.cgroup.pids().sort());
    alone.stdin.end();
  });

  test('their memory: shared pages in full, or by share', async () => {
    const program = `
      const held = Buffer.alloc(32 << 20, 1);
      process.title = 'a holder of memory';
      console.log('holds', held[0]);
      process.stdin.resume();
    `;
    const child = spawn(process.execPath, ['-e', program], { memory: '256M' });
    await said(child, 'holds');
    const [holder] = child.cage.cgroup.processes();
    expect(holder).toMatchObject({ pid: child.pid, pssBytes: null });
    expect(holder?.name).toMatch(/^a holder of mem/);
    expect(holder?.command.join(' ')).toMatch(/^a holder of memory/);
    expect(holder?.rssBytes).toBeGreaterThan(60 * MIB);
    const kernel = (file: string, name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(readFileSync(`/proc/${child.pid}/${file}`, 'utf8'))?.[1]) *
      1024;
    expect(Math.abs((holder?.rssBytes ?? 0) - kernel('status', 'VmRSS'))).toBeLessThan(8 * MIB);
    // What it holds is its own in full. The pages of the program's code it shares with every Node on the machine, so its part of them
    // may be next to nothing.
    const [withPss] = child.cage.cgroup.processes({ pss: true });
    expect(withPss?.pssBytes).toBeGreaterThan(32 * MIB);
    expect(Math.abs((withPss?.pssBytes ?? 0) - kernel('smaps_rollup', 'Pss'))).toBeLessThan(8 * MIB);
    expect(withPss?.pssBytes).toBeLessThan((withPss?.rssBytes ?? 0) - 5 * MIB);
    child.stdin.end();
    await child.outcome;
    expect(thrown(() => child.cage.cgroup.processes())).toMatchObject({
      code: expect.stringMatching(/CLOSED|NO_CGROUP/) as string,
    });
  });

  test('wrong options', () => {
    using cgroup = Cgroup.self();
    for (const options of [null, { pss: 1 }]) {
      expect(thrown(() => cgroup.processes(options as object))).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    }
  });

  describeIf('userns', 'in namespaces', () => {
    test('in a PID namespace they have pids of their own', async () => {
      const child = spawn('sh', ['-c', 'echo $$; read -r _'], {
        memory: '64M',
        namespaces: { pid: true, mount: true },
      });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      expect(line.toString()).toBe('1\n');
      const [shell] = child.cage.cgroup.processes();
      expect(shell).toMatchObject({ pid: child.pid, ownPid: 1, parentPid: process.pid, depth: 0 });
      child.stdin.end();
      await child.outcome;
    });
  });
});
