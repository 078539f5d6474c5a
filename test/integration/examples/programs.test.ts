import { join } from 'node:path';
import { startDocker } from '../../../examples/support/docker.mts';
import { expectChecked, expectLines, runExample, runExampleIn, runProgram } from '../../support/docs/example-programs';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { runtimePath } from '../../support/runtimes';

jest.setTimeout(patience(120_000));

const root = join(__dirname, '../../..');

describeIf(['cgroup', 'root'], 'the examples', () => {
  test('named-group', async () => {
    const { code, lines, left } = await runExample('named-group');
    expect(lines).toEqual(
      expect.arrayContaining([
        '✓ memory limit 104857600',
        expect.stringMatching(/^✓ tasks \d+/),
        expect.stringMatching(/^✓ cgroup of the process .*test_memory_limit/),
        '✓ lowered to 50 MiB 52428800',
        '✓ ended by SIGKILL',
        'All of it was so.',
      ]),
    );
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  /** In these, the example itself checks every line that can differ from run to run. */
  const checked: [name: string, lines: (string | RegExp)[]][] = [
    [
      'execa',
      [
        '✓ without the cage outside: one three two in no cage',
        '✓ at the same time first: one three two in a cage',
        '✓ at the same time second: one three two in a cage',
        '✓ one that leaks fails with ExecaError, SIGKILL: over the limit of 150 MiB (cause: limit)',
        '✓ the cage goes on after: one three two in a cage',
      ],
    ],
    [
      'job-queue',
      [
        '✓ thumbnail done: used 20 MiB',
        /^✓ report failed: out of memory: limit 128 MiB, peak .*, cause limit$/,
        '✓ import done: used 300 MiB',
        '✓ broken failed: exit code 3',
        '✓ endless failed: took too long',
        ...[1, 2, 3, 4].map((n) => `✓ mail ${n} done: used ${n} MiB`),
        '✓ at the same time 3',
        /^✓ most memory at a time (\d+ MiB)$/,
      ],
    ],
    [
      'worker-pool',
      [
        '✓ tasks done 19 of 20',
        '✓ the greedy one the worker was over its limit of 400 MiB',
        '✓ workers killed 1',
        /^✓ workers retired \d+$/,
        /^✓ highest use of the others \d+ MiB$/,
      ],
    ],
    [
      'jest-workers',
      [
        '✓ adds.test.js passed',
        '✓ caged.test.js passed',
        '✓ fails.test.js failed',
        '✓ greedy.test.js A jest worker process was terminated by another process: signal=SIGKILL',
        '✓ test files 4',
        '✓ the reason descendant with 500M, kills: 1',
      ],
    ],
  ];

  test.each(checked)('%s', expectChecked);

  test('docker-container without Docker', async () => {
    const { code, lines, left } = await runExampleIn({ PATH: '' }, 'docker-container');
    expect(lines).toEqual(['docker is not installed (Debian: docker-cli, docker.io)', '']);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });

  describeIf(['docker', 'stress'], 'with a Docker engine', () => {
    test('docker-container', async () => {
      const docker = await startDocker();
      const { code, lines, left } = await runExampleIn({ DOCKER_HOST: docker.host }, 'docker-container').finally(() =>
        docker.stop(),
      );
      const expected = [
        /^docker run -m 128m \.\.\. \S+stress --vm-bytes 100m --vm-keep -m 1, by the running engine, \d+/,
        /^✓ cgroup \/sys\/fs\/cgroup\/.*[0-9a-f]{64}$/,
        /^✓ by what docker ps prints [0-9a-f]{12}$/,
        /^✓ by its name memcage-example-\d+$/,
        '✓ limit 134217728 (128.0 MiB)',
        /^✓ usage \d+ \(10\d\.\d MiB\)$/,
        /^✓ percent of the limit [78]\d\.\d\d$/,
        /^✓ rss \+ cache \+ swap \d+ \(10\d\.\d MiB\)$/,
        /^stress, pid \d+, 1 in the container, [\d.]+ MiB resident$/,
        /^└─ stress, pid \d+, \d+ in the container, (9[89]|10\d)\.\d MiB resident$/,
        '✓ processes 2',
        /^✓ the worker has \d+ \(10\d\.\d MiB\)$/,
        /^✓ docker stats: usage 10[\d.]+MiB, and here \d+ \(10\d\.\d MiB\)$/,
        '✓ docker stats: limit 128MiB',
        /^✓ docker stats: percent [78]\d\.\d\d%, and here [78]\d\.\d\d %$/,
      ].map((line) => (typeof line === 'string' ? line : (expect.stringMatching(line) as string)));
      expect(lines).toEqual(['', ...expected, '', 'All of it was so.', '', '']);
      expect({ code, left }).toEqual({ code: 0, left: [] });
    });
  });

  test('bun in Node', async () => {
    const { code, lines } = await runExample('bun');
    expect(lines).toEqual([expect.stringMatching(/^This example is for Bun: /), '']);
    expect(code).toBe(1);
  });

  describeIf('bun', 'with Bun', () => {
    test('bun', async () => {
      const settings = `--tsconfig-override=${join(root, 'tsconfig.programs.json')}`;
      const end = await runProgram({}, runtimePath('bun') ?? '', settings, join(root, 'examples/bun.mts'));
      const below = [
        '✓ in the cage yes',
        /^✓ usage [\d.]+ MiB$/,
        '✓ ended by SIGKILL',
        "✓ event 'oom' limit, kills 1",
        /^✓ verdict .* was killed for its memory limit of 256 MiB/,
      ];
      expectLines(end, [
        '✓ output hello',
        /^✓ error MemoryLimitError: tail .* was killed for its memory limit of 256 MiB/,
        '',
        'Bun.spawn({ cgroup }), below a limit of 256M',
        ...below,
        '',
        'Bun.spawn([launcher, ...])',
        ...below,
        '',
        'The end of a cage',
        '✓ ended by close() SIGKILL',
      ]);
    });
  });

  describeIf('chromium', 'with Chromium', () => {
    test('browser', async () => {
      await expectChecked('browser', [
        '✓ processes in the cage all of several',
        '✓ a page 6',
        '✓ uses less than the limit yes',
        /^✓ a greedy page (Page crashed!|.* closed.*)$/,
        '✓ the reason limit of 700M',
        '✓ the next page still there',
      ]);
    });
  });
});
