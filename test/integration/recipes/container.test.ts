import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Cgroup } from 'memcage/cgroup';
import { parse } from 'yaml';
import { type Docker, startDocker } from '../../../examples/support/docker.mts';
import { findProgram, packPrograms } from '../../../examples/support/programs.mts';
import { programFile, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { Pod } from '../../support/engines/pod';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const PAGE = 'docs/guides/read-only-containers.md';
const ROOT = join(__dirname, '../../..');
const IMAGE = 'memcage-recipe';

/** Beside a child over its limit, another one runs, and one starts afterwards. */
const SERVER = `
  import { readFileSync } from 'node:fs';
  import { run, spawn } from 'memcage';

  const parent = readFileSync('/proc/' + process.ppid + '/comm', 'utf8').trim();
  const other = spawn('cat', [], { memory: '20M', stdio: ['pipe', 'ignore', 'inherit'] });
  const { signal, oom } = await run('tail', ['/dev/zero'], { memory: '20M', reject: false });
  const next = await run('echo', ['next'], { memory: '20M' });
  other.stdin.end();
  const { exitCode } = await other.outcome;
  console.log(JSON.stringify({ parent, signal, cause: oom?.cause, next: next.stdout, exitCode }));
`;
const PRINTED = { parent: 'memcage-exec', signal: 'SIGKILL', cause: 'limit', next: 'next\n', exitCode: 0 };

let project: UserProject;
beforeEach(() => {
  project = makeUserProject([]);
});
afterEach(() => project.remove());

const node = dirname(process.execPath);

describeIf(['linux', 'root', 'cgroup', 'docker', 'host'], 'cages in a Docker container', () => {
  let docker: Docker;
  beforeAll(async () => {
    docker = await startDocker();
  }, patience(240_000));
  afterAll(() => docker.stop(), patience(60_000));

  /** An image that ends as the page's does, and has the files of this machine. */
  async function makeImage(): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    try {
      const archive = join(directory, 'image.tar');
      packPrograms(archive, [findProgram('sh') ?? '']);
      const lines = programFile(PAGE, 'Dockerfile')
        .split('\n')
        .filter((line) => line.startsWith('CMD '));
      expect(lines).toHaveLength(1);
      await docker.run('import', ...lines.flatMap((line) => ['--change', line]), archive, IMAGE);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  function start(options: readonly string[], ...command: string[]): Promise<string> {
    const shared = new Set(['/bin', '/lib', '/lib64', '/usr', ROOT, dirname(node)].filter((path) => existsSync(path)));
    const mounts = [...shared].map((path) => `${path}:${path}:ro`).concat(`${project.directory}:/app:ro`);
    const common = ['--network', 'none', '-m', '400m', '--workdir', '/app', '--env', `PATH=${node}:/usr/bin:/bin`];
    const volumes = mounts.flatMap((mount) => ['-v', mount]);
    return docker.run('run', '--rm', ...common, ...volumes, ...options, IMAGE, ...command);
  }

  const INIT = '/app/node_modules/.bin/memcage init --'.split(' ');

  test('a writable cgroup file system, and memcage init', async () => {
    await makeImage();
    project.write('server.mjs', SERVER);
    const command = [...INIT, 'node', 'server.mjs'];
    // Debian's Docker has no writable-cgroups.
    expect(JSON.parse(await start(['--privileged'], ...command))).toEqual(PRINTED);
    await expect(start([], ...command)).rejects.toMatchObject({
      code: 125,
      stderr: expect.stringContaining('start it with'),
    });
    project.write('plain.mjs', "import { run } from 'memcage'; await run('true', [], { memory: '50M' });");
    await expect(start([], 'node', 'plain.mjs')).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /(No cgroup can be the parent of cages|Cages can't be made in).* mounted read-only.*enforce: 'polled'/s,
      ),
    });
  });

  test("one of two jobs fails alone, polled or in a cgroup of the host's", async () => {
    await makeImage();
    writeProgram('docs/guides/read-only-containers.md', project);
    const printed = (why: string) => expect.stringMatching(`^greedy: tail.* ${why}.*\nmodest: done$`);
    // What takes memory at full speed may be refused some before a look comes.
    const polled = '(was killed for|perhaps refused memory at) a memory limit of 100 MiB that memcage polls';
    expect(await start([])).toEqual(printed(polled));
    const cages = Cgroup.create(`cages-${process.pid}`, { memory: '300M' });
    try {
      const seen = cages.version === 2 ? cages.path : '/cages';
      const lent = ['--cgroupns=host', '-v', `${cages.path}:${seen}`, '-e', `MEMCAGE_PARENT=${seen}`];
      expect(await start(lent)).toEqual(printed('was killed for its memory limit of 100 MiB'));
    } finally {
      await cages.remove();
    }
  });
});

/** The words of an instruction of the queue's Dockerfile. */
function wordsOf(instruction: string): string[] {
  const text = readFileSync(join(ROOT, 'examples/queue/Dockerfile'), 'utf8');
  return JSON.parse(new RegExp(`^${instruction} (.*)$`, 'm').exec(text)?.[1] ?? '') as string[];
}

/** Runs words in a pod, which sees the files of this machine. */
async function runInPod(limit: string, all: readonly string[], program: string): Promise<unknown> {
  const pod = new Pod({ limit });
  try {
    const words = all.map((word) =>
      word === program ? join(project.directory, word) : word.replace(/^\/app/, project.directory),
    );
    const end = await pod.run(words, { PATH: `${node}:${process.env['PATH']}` });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(end.stdout);
  } finally {
    await until('nothing runs in it', () => pod.members.length === 0);
    pod.remove();
  }
}

interface Container {
  command: string[];
  args: string[];
  resources: { limits: { memory: string } };
}

describeIf(['cgroup', 'root'], 'cages in a Kubernetes pod', () => {
  test('a container that starts with these lines', async () => {
    const { spec } = parse(programFile(PAGE, 'pod.yaml')) as { spec: { containers: Container[] } };
    const { command, args, resources } = spec.containers[0] ?? {
      command: [],
      args: [],
      resources: { limits: { memory: '' } },
    };
    const limit = resources.limits.memory.replace('Gi', 'G');
    project.write('jobs.mjs', SERVER);
    expect(await runInPod(limit, [...command, ...args], 'jobs.mjs')).toEqual(PRINTED);
  });

  test("a worker of the queue's image", async () => {
    project.write('worker.mjs', SERVER);
    expect(await runInPod('2G', [...wordsOf('ENTRYPOINT'), ...wordsOf('CMD')], 'worker.mjs')).toEqual(PRINTED);
  });
});
