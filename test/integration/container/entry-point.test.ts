import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../../examples/support/programs.mts';
import { read, version, write } from '../../support/cgroups/cgroup-tree';
import { memcage, Pod, type PodEnd } from '../../support/engines/pod';
import { patience } from '../../support/patience';
import { mark } from '../../support/processes/mark';
import { processesWith } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const FIXTURES = join(__dirname, '../../fixtures/container');
const INSIDE = [process.execPath, join(FIXTURES, 'inside.js')];
const LEAF = /^memcage-self-\d+-[0-9a-f]+$/;
/** On v1 a cgroup may have processes and cages. */
const PLACE =
  version === 1
    ? { source: 'own', own: '/' }
    : { source: 'ancestor', own: expect.stringMatching(/^\/memcage-self-\d+-[0-9a-f]+$/) as string };
const TINI = findProgram('tini');

let pod: Pod;

function makePod(options?: ConstructorParameters<typeof Pod>[0]): void {
  pod = new Pod({ limit: '400M', ...options });
}

function below(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** Starts `memcage init` with a script, as pid 1 or as the child of a shell. */
function startInit(how: 'pid 1' | 'a child', script: string) {
  const init = memcage('init', '--', 'sh', '-c', script);
  const started = pod.start(how === 'pid 1' ? init : ['sh', '-c', '"$@"; exit $?', 'sh', ...init]);
  const printed = (text: string): Promise<unknown> =>
    until(`"${text}"`, () => started.stdout().includes(text) || undefined);
  /** Signals the init itself. */
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    const isInit = (pid: number) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'memcage-exec\n';
    const init = await until('it is an init', () => pod.members.find(isInit));
    process.kill(init, name);
  };
  return { ...started, printed, signal };
}

const ways = ['pid 1', 'a child'] as const;

describeIf(['cgroup', 'root'], 'memcage init in a pod', () => {
  beforeEach(() => makePod());
  afterEach(async () => {
    await until('nothing runs in it', () => pod.members.length === 0);
    // The engine removes the container's cgroup with what is in it.
    pod.remove();
  });

  const beginnings: [string, readonly string[]][] = [
    ['as its first process', memcage('init', '--', ...INSIDE, '7')],
    ['behind a shell', ['sh', '-c', '"$@"; exit $?', 'sh', ...memcage('init', ...INSIDE, '7')]],
    [
      'beside others',
      ['sh', '-c', 'sleep 1000 & sleep 1001 & "$@"; exit $?', 'sh', ...memcage('init', ...INSIDE, '7')],
    ],
    ['within another', memcage('init', ...memcage('init', ...INSIDE, '7'))],
    ...(TINI === undefined
      ? []
      : [['behind tini', [TINI, '--', ...memcage('init', ...INSIDE, '7')]] as [string, readonly string[]]]),
  ];

  testRows('a program gets cages with no option', beginnings, async ([, command]) => {
    const { code, stdout, stderr } = await pod.run(command);
    expect(stderr).toBe('');
    const found = { oom: 'limit', path: pod.root, moved: false, parent: 'memcage-exec', ...PLACE };
    expect(JSON.parse(stdout)).toEqual(found);
    expect(code).toBe(7);
    expect(below(pod.path)).toEqual(version === 1 ? [] : [expect.stringMatching(LEAF)]);
  });

  test('a program that is pid 1 itself gets cages', async () => {
    const { code, stdout } = await pod.run(INSIDE);
    expect(JSON.parse(stdout)).toMatchObject({ oom: 'limit', source: 'own', path: pod.root });
    expect(code).toBe(0);
    expect(below(pod.path)).toEqual([]);
  });

  testRows('orphans are reaped', ways, async (how) => {
    const orphan = `orphan=$(sh -c 'sleep 0.2 >/dev/null & echo $!')`;
    const parent = 'read -r _ _ _ parent _ <"/proc/$orphan/stat"; [ "$parent" = "$PPID" ] && echo adopted';
    const gone = 'while [ -e "/proc/$orphan" ]; do sleep 0.05; done; echo reaped';
    const { end } = startInit(how, `${orphan}; ${parent}; ${gone}`);
    expect(await end).toMatchObject({ code: 0, stdout: 'adopted\nreaped\n' });
  });

  testRows('signals are passed on', ways, async (how) => {
    const { end, printed, signal } = startInit(
      how,
      'trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await printed('ready');
    await signal('SIGTERM');
    expect(await end).toMatchObject({ code: 3, stdout: 'ready\ngot\n' });
  });

  testRows('an end by a signal is 128 and its number', ways, async (how) => {
    const { end, printed, signal } = startInit(how, 'echo ready; exec sleep 1000');
    await printed('ready');
    await signal('SIGTERM');
    expect(await end).toMatchObject({ code: 143 });
  });

  test('the end of the command is that of the container', async () => {
    const sleep = mark();
    const { end } = startInit('pid 1', `setsid sleep ${sleep} & exit 4`);
    expect(await end).toMatchObject({ code: 4 });
    expect(processesWith(sleep)).toEqual([]);
  });

  testRows(
    'what can not be run has the exit code of env(1)',
    [
      ['no-such-program', 127],
      ['/dev/null', 126],
    ] as const,
    async ([program, code]) => {
      const end = await pod.run(memcage('init', program));
      expect(end).toMatchObject({ code, stderr: expect.stringContaining(`memcage-exec: ${program}: `) });
    },
  );

  test('the command has the standard streams, and signals with their default actions', async () => {
    const script = 'grep SigIgn /proc/self/status; [ -e /proc/self/fd/3 ] || echo none; echo error >&2';
    expect(await startInit('pid 1', script).end).toEqual({
      code: 0,
      signal: null,
      stdout: 'SigIgn:\t0000000000000000\nnone\n',
      stderr: 'error\n',
    });
  });

  const BECOME = [process.execPath, join(FIXTURES, 'become-init.js')];

  test('a child that ended before is reaped', async () => {
    expect(await pod.run([...BECOME, 'zombie'])).toMatchObject({ code: 0, stdout: 'reaped\n', stderr: '' });
  });

  test('an inherited file that Node does not close stays with nobody', async () => {
    const { stdout } = await pod.run(['bash', '-c', 'exec 90</dev/null; exec "$@"', 'bash', ...BECOME, 'fd']);
    expect(stdout.split('\n')).not.toContain('90');
  });

  test('no guardian and no other process of memcage stays', async () => {
    const { end } = startInit('pid 1', 'for process in /proc/[0-9]*; do cat "$process/comm"; done');
    expect((await end).stdout.split('\n').sort()).toEqual(['', 'memcage-exec', 'sh']);
  });
});

describeIf(['cgroup', 'root'], 'memcage init that can not make room', () => {
  afterEach(() => pod.remove());

  const REFUSED = /^memcage: No cgroup can be the parent of cages .*its file system is mounted read-only; cure: .*/s;

  test('a read-only file system: it says so, and does not run the command', async () => {
    makePod({ mode: 'ro' });
    const cure = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const { code, stdout, stderr } = await pod.run(memcage('init', 'echo', 'ran'), cure);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(REFUSED);
    expect(stderr).toMatch('read-only in a Kubernetes container');
  });

  test('MEMCAGE_PARENT that does not exist', async () => {
    makePod();
    const { code, stdout, stderr } = await pod.run(memcage('init', 'echo', 'ran'), { MEMCAGE_PARENT: '/no-such' });
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch('no-such');
  });
});

describeIf(['v2', 'root'], 'memcage init in a pod of cgroup v2', () => {
  afterEach(() => pod.remove());

  testRows(
    'a limit on cgroups is told',
    [
      ['cgroup.max.descendants', '0', '0'],
      ['cgroup.max.depth', '0', '0'],
    ] as const,
    async ([file, value]) => {
      makePod({ files: { [file]: value } });
      const { code, stdout, stderr } = await pod.run(memcage('init', 'echo', 'ran'));
      expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
      expect(stderr).toMatch(`/sys/fs/cgroup/${file} is 0`);
      expect(below(pod.path)).toEqual([]);
      expect(read(pod.path, 'cgroup.subtree_control')).toBe('');
    },
  );

  test('so it is to the program that makes cages', async () => {
    // One for the init, one for the directory of cages, and none for a cage.
    makePod({ files: { 'cgroup.max.descendants': '2' } });
    const { stdout } = await pod.run(memcage('init', ...INSIDE));
    expect(JSON.parse(stdout)).toEqual({
      code: 'ERR_MEMCAGE_CGROUP_LIMIT',
      message: expect.stringMatching(/cgroup\.max\.descendants is 2, and there are 2 cgroups below it\. Cure: /),
    });
  });

  test('a program of another user gets cages in what was given to it', async () => {
    makePod();
    const give = 'cd /sys/fs/cgroup && chown 65534 . cgroup.procs cgroup.subtree_control';
    const become = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';
    const { stdout, stderr } = await pod.run(memcage('init', 'sh', '-c', `${give} && ${become}`, 'sh', ...INSIDE));
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ oom: 'limit', source: 'ancestor', moved: false });
  });

  test('processes that keep coming are moved too', async () => {
    makePod();
    const storm = 'for i in 1 2 3; do (while :; do sleep 0.01; done) & done; "$@"; exit $?';
    const { code, stdout, stderr } = await pod.run(['sh', '-c', storm, 'sh', ...memcage('init', ...INSIDE)]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ oom: 'limit', source: 'ancestor' });
    expect(code).toBe(0);
  });
});

describeIf(['cgroup', 'root'], 'becomeInit() that fails', () => {
  afterEach(() => pod.remove());

  interface Said {
    refused: { code: string };
    isSame: boolean;
    works: boolean;
    later?: { code: string };
  }

  async function become(way: string): Promise<Said> {
    const { stdout, stderr }: PodEnd = await pod.run([process.execPath, join(FIXTURES, 'become-init.js'), way]);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as Said;
  }

  test('after all was prepared: everything is as before', async () => {
    makePod();
    const refused = expect.objectContaining({ code: 'E2BIG', syscall: 'execve' }) as unknown;
    expect(await become('too-long')).toEqual({ refused, isSame: true, works: true });
  });

  testRows(
    'before anything was prepared',
    [
      ['open-cage', 'BUSY', 'rw'],
      ['polled-cage', 'BUSY', 'ro'],
      ['worker-cage', 'BUSY', 'rw'],
      ['worker', 'UNSAFE_THREAD', 'rw'],
      ['refused', 'NO_PARENT', 'ro'],
    ] as const,
    async ([way, code, mode]) => {
      makePod({ mode });
      const refused = expect.objectContaining({ code: `ERR_MEMCAGE_${code}` }) as unknown;
      const said = await become(way);
      expect(said.refused).toEqual(refused);
      if (way === 'worker-cage') expect(said.later).toMatchObject({ code: 'E2BIG' });
    },
  );
});

describeIf(['hybrid', 'root'], 'a limit on cgroups beside v1', () => {
  afterEach(() => pod.remove());

  test('is told by the start that reaches it', async () => {
    makePod();
    write(pod.unified, 'cgroup.max.descendants', '0');
    const { stdout } = await pod.run(memcage('init', ...INSIDE));
    expect(JSON.parse(stdout)).toEqual({
      code: 'ERR_MEMCAGE_CGROUP_LIMIT',
      message: expect.stringContaining('/sys/fs/cgroup/unified/cgroup.max.descendants is 0') as string,
    });
  });
});
