import { run, spawn } from 'memcage';
import { events } from '../../../../lib/programs/cli/commands/events';
import { eachLine, said } from '../../../support/cage-kinds';
import { makeCgroup, version } from '../../../support/cgroups/cgroup-tree';
import { runCli, startCli } from '../../../support/cli/cli';
import { expectNothingLeft } from '../../../support/nothing-left';
import { expectNoNewFds, openFds } from '../../../support/processes/fds';
import { describeIf, has } from '../../../support/require';
import { until } from '../../../support/until';

type Line = { name: string } & Record<string, unknown>;

describeIf('cgroup', 'memcage events', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('prints what happens, and ends when the cgroup is gone', async () => {
    const child = spawn(...eachLine, { memory: '8M', stdio: 'pipe' });
    const cli = startCli(['events', '--json', String(child.pid)]);
    const plain = startCli(['events', child.cage.cgroup.path]);
    await until('they listen', () => cli.stdout().includes('\n') && plain.stdout().includes('\n'));
    child.stdin.write('\n');
    await said(child, 'done');
    // The first line, which says that it listens, contains the names of the events as well.
    await until('the kill', () => cli.stdout().includes('"name":"oomKill"') && plain.stdout().includes('oomKill  '));
    child.stdin.end();
    await child.outcome;
    expect(await plain.end).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout, stderr } = await cli.end;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    expect(lines[0]).toMatchObject({ name: 'listening', path: child.cage.cgroup.path });
    const { path } = child.cage.cgroup;
    const victim = {
      pid: expect.any(Number) as number,
      name: 'dd',
      cause: 'limit',
      limitBytes: 8 << 20,
      limitPath: path,
    };
    expect(lines.find(({ name }) => name === 'oomKill')).toMatchObject({
      count: 1,
      totalCount: 1,
      victims: has('kernel-log') ? [{ ...victim, anonBytes: expect.any(Number) as number }] : null,
    });
    expect(lines.at(-1)?.name).toBe('removed');
    const who = has('kernel-log')
      ? /dd \(pid \d+\) was killed for its memory limit of 8 MiB, with [\d.]+ [KM]iB of its own/
      : /only the kernel's log tells who it was, and this process can't read it/;
    const event = /^oomKill {4}\d{4}-\d\d-\d\dT[\d:.]+Z {2}1 time \(1 in all\) {2}/;
    expect(plain.stdout()).toMatch(new RegExp(`${event.source}${who.source}$`, 'm'));
  });

  test('closes the log of the kernel when it fails', async () => {
    const trigger = version === 1 ? ['--pressure', 'some:100ms/2s'] : ['--threshold', '10M'];
    const fail = () => expect(events.execute(trigger)).rejects.toThrow(/needs cgroup v/);
    // libuv keeps the inotify instance that it makes with the first listener (v2).
    await fail();
    const before = openFds();
    await fail();
    await expectNoNewFds(before);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends by %s', async (signal) => {
    const group = makeCgroup();
    const cli = startCli(['events', group.path]);
    await until('it listens', () => cli.stdout().includes('listening'));
    cli.process.kill(signal);
    expect(await cli.end).toMatchObject({ code: null, signal, stderr: '' });
    group.remove();
  });

  test('with a trigger; of the other version it says so', async () => {
    const group = makeCgroup();
    const [trigger, other] = [
      ['--threshold', '10M'],
      ['--pressure', 'some:100ms/2s'],
    ] as const;
    const wrong = await runCli(['events', ...(version === 1 ? other : trigger), group.path]);
    expect(wrong).toMatchObject({ code: 125, stderr: expect.stringContaining('needs cgroup v') as string });
    expect(await runCli(['events', '--pressure', 'much'])).toMatchObject({ code: 125 });
    if (version === 1) {
      const cli = startCli(['events', ...trigger, '--pressure', 'low', group.path]);
      await until('it listens', () => cli.stdout().includes('listening'));
      group.remove();
      expect(await cli.end).toMatchObject({ code: 0 });
      return;
    }
    group.remove();
  });
});
