import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { type Docker, startDocker } from '../../../examples/support/docker.mts';
import { findProgram, packPrograms } from '../../../examples/support/programs.mts';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { Pod } from '../../support/engines/pod';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const PAGE = 'docs/guides/recipes.md';
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
  project.write('server.js', SERVER);
});
afterEach(() => project.remove());

const node = dirname(process.execPath);

describeIf(['linux', 'root', 'cgroup', 'docker', 'host'], 'cages in a Docker container', () => {
  let docker: Docker;
  beforeAll(async () => {
    docker = await startDocker();
  }, patience(240_000));
  afterAll(() => docker.stop(), patience(60_000));

  test('an image that ends with these lines', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    try {
      const archive = join(directory, 'image.tar');
      packPrograms(archive, [findProgram('sh') ?? '']);
      const lines = recipe(PAGE, 'Cages in a Docker container').trim().split('\n');
      await docker.run('import', ...lines.flatMap((line) => ['--change', line]), archive, IMAGE);
    } finally {
      rmSync(directory, { recursive: true });
    }
    const shared = new Set(['/bin', '/lib', '/lib64', '/usr', ROOT, dirname(node)].filter((path) => existsSync(path)));
    const mounts = [...shared].map((path) => `${path}:${path}:ro`).concat(`${project.directory}:/app:ro`);
    const options = ['--network', 'none', '-m', '400m', '--workdir', '/app', '--env', `PATH=${node}:/usr/bin:/bin`];
    // Debian's Docker has no writable-cgroups.
    const writable = ['--privileged'];
    const start = (...more: string[]) =>
      docker.run('run', '--rm', ...options, ...mounts.flatMap((mount) => ['-v', mount]), ...more, IMAGE);
    expect(JSON.parse(await start(...writable))).toEqual(PRINTED);
    await expect(start()).rejects.toMatchObject({ code: 125, stderr: expect.stringContaining('start it with') });
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

describeIf(['cgroup', 'root'], 'cages in a Kubernetes pod', () => {
  test('a container that starts with these lines', async () => {
    const { command, args, resources } = parse(recipe(PAGE, 'Cages in a Kubernetes pod')) as {
      command: string[];
      args: string[];
      resources: { limits: { memory: string } };
    };
    const limit = resources.limits.memory.replace('Gi', 'G');
    expect(await runInPod(limit, [...command, ...args], 'server.js')).toEqual(PRINTED);
  });

  test("a worker of the queue's image", async () => {
    project.write('worker.mjs', SERVER);
    expect(await runInPod('2G', [...wordsOf('ENTRYPOINT'), ...wordsOf('CMD')], 'worker.mjs')).toEqual(PRINTED);
  });
});
