import { version } from '../../support/cgroups/cgroup-tree';
import { expectChecked, runExample } from '../../support/docs/example-programs';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(120_000));

describeIf(['cgroup', 'root'], 'the examples that read what each hierarchy has', () => {
  const limit = [
    '✓ pid that the child sees 1',
    '✓ host name that it sees cage',
    expect.stringMatching(/^✓ pids in the cgroup \d+ \d+/),
    '✓ limit 104857600 (100.0 MiB)',
    expect.stringMatching(/^✓ usage \d+/),
    expect.stringMatching(version === 1 ? /^memory.stat rss \d+$/ : /^memory.stat anon \d+$/),
    '✓ alive yes',
    '✓ stopped by us, not for memory SIGKILL',
    expect.stringMatching(/^event 'oom' cause limit, kills 1$/),
    expect.stringMatching(/^✓ the worker .*got signal 9/),
    '✓ outcome.oom.cause limit',
    '✓ outcome.oom.kills 1',
    '✓ peak 104857600 (100.0 MiB)',
    'All of it was so.',
  ] as string[];

  test('memory-limit, with our own allocator', async () => {
    const { code, lines, left } = await runExample('memory-limit', '--own-allocator');
    expect(lines).toEqual(
      expect.arrayContaining([...limit, expect.stringMatching(/^memory is taken by our own allocator/)]),
    );
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  describeIf('stress', 'with stress', () => {
    test('memory-limit', async () => {
      const { code, lines, left } = await runExample('memory-limit');
      expect(lines).toEqual(expect.arrayContaining([...limit, 'memory is taken by stress']));
      expect({ code, left }).toEqual({ code: 0, left: [] });
    });
  });

  test('oom-pause', async () => {
    await expectChecked(
      'oom-pause',
      version === 2
        ? ['not here cgroup v2 always kills: only v1 can turn the OOM killer of a cgroup off']
        : [
            "✓ event 'oom': it waits true",
            '✓ killed 0',
            '✓ alive yes',
            /^✓ use (29|3[0-2]) MiB$/,
            '',
            'It gets more',
            '✓ exit code 0',
            '✓ it has, in MiB 64',
            '✓ outcome.oom null',
          ],
    );
  });
});
