import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { Cgroup } from 'memcage/cgroup';
import { type Docker, startDocker } from '../../../examples/support/docker.mts';
import { findProgram, packPrograms } from '../../../examples/support/programs.mts';
import { version } from '../../support/cgroups/cgroup-tree';
import { memcage } from '../../support/engines/pod';
import { Podman } from '../../support/engines/podman';
import { withCode } from '../../support/error-code';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const MIB = 2 ** 20;
const ROOT = join(__dirname, '../../..');
const IMAGE = 'memcage-test';
/**
 * Charges the container with page cache of a file that stays open (hostfs drops it with the last close), then starts a
 * process with a child.
 */
const SCRIPT = `read id </proc/sys/kernel/random/uuid; exec 3>/data/$id; printf %1048576s >&3; ${findProgram('sleep')} 600; true`;
const COMMAND = [findProgram('sh') ?? '', '-c', SCRIPT];

/** The memory figures of Docker's `GET /containers/ID/stats`, which are those of `docker stats` before rounding. */
interface MemoryStats {
  usage: number;
  limit: number;
  stats: Record<string, number>;
}

async function memoryStats(host: string, id: string): Promise<MemoryStats> {
  const path = `/containers/${id}/stats?stream=false&one-shot=true`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath: host.replace('unix://', ''), path, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  return ((await json(response)) as { memory_stats: MemoryStats }).memory_stats;
}

describeIf(['linux', 'root', 'cgroup', 'docker', 'podman'], 'real engines', () => {
  let docker: Docker | undefined;
  let podman: Podman | undefined;
  /** A container of each engine, with the same name. */
  let ids: Record<'docker' | 'podman', string>;
  // On a real file system, since the contents of a tmpfs are not page cache.
  let volume: string;

  beforeAll(async () => {
    volume = mkdtempSync(join(__dirname, '../../../build/memcage-volume-'));
    // Jest retries a test, but not a hook.
    await start().catch(async () => {
      await stop();
      await start();
    });
  }, patience(240_000));

  async function start(): Promise<void> {
    docker = await startDocker();
    podman = await Podman.start();
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    try {
      const archive = join(directory, 'image.tar');
      packPrograms(archive, COMMAND.slice(0, 1).concat(findProgram('sleep') ?? ''));
      await Promise.all([docker.run('import', archive, IMAGE), podman.run('import', archive, IMAGE)]);
    } finally {
      rmSync(directory, { recursive: true });
    }
    const options = ['run', '-d', '--network', 'none', '-m', '64m', '-v', `${volume}:/data`];
    const start = [IMAGE, ...COMMAND];
    const parent = ['--cgroup-parent', `/${podman.cgroup}/libpod_parent`];
    const [ofDocker, ofPodman] = await Promise.all([
      docker.run(...options, '--name', 'web', ...start),
      podman.run(...options, '--name', 'web', ...parent, ...start),
      docker.run(...options, '--name', 'only-docker', ...start),
      podman.run(...options, '--name', 'only-podman', ...parent, ...start),
    ]);
    ids = { docker: ofDocker, podman: ofPodman };
  }

  async function stop(): Promise<void> {
    const ends = [docker?.stop() ?? Promise.resolve(), podman?.stop() ?? Promise.resolve()];
    docker = undefined;
    podman = undefined;
    await Promise.all(ends);
  }

  afterAll(async () => {
    await stop();
    rmSync(volume, { recursive: true });
  }, patience(60_000));

  const shapes = {
    docker: (id: string) => new RegExp(`/memcage-docker-[^/]+/docker/${id}$`),
    podman: (id: string) => new RegExp(`/memcage-podman-[^/]+/libpod_parent/libpod-${id}$`),
  };

  describe.each(['docker', 'podman'] as const)('%s', (engine) => {
    test('a container by its id, and by the beginning of it', () => {
      const id = ids[engine];
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      using found = Cgroup.find(id);
      expect(found.path).toMatch(shapes[engine](id));
      using byPrefix = Cgroup.find(id.slice(0, 12));
      expect(byPrefix.path).toBe(found.path);
    });

    test('by its name', () => {
      using found = Cgroup.find(`only-${engine}`);
      expect(found.path).toMatch(shapes[engine]('[0-9a-f]+'));
      expect(found.path).not.toContain(ids[engine]);
      expect(() => Cgroup.find(`only-${engine.slice(0, -1)}`)).toThrow(withCode('NO_CGROUP'));
    });

    test('its limit, use and processes', async () => {
      using found = Cgroup.find(ids[engine]);
      expect(found.limits().max).toBe(64 * MIB);
      const { usageBytes, limitBytes } = found.usage();
      expect(limitBytes).toBe(64 * MIB);
      expect(usageBytes).toBeGreaterThan(0);
      const processes = await until('both started', () => {
        const seen = found.processes().map(({ depth, name, ownPid }) => ({ depth, name, isFirst: ownPid === 1 }));
        return seen.some(({ name }) => name === 'sleep') && seen;
      });
      expect(processes).toEqual([
        { depth: 0, name: 'sh', isFirst: true },
        { depth: 1, name: 'sleep', isFirst: false },
      ]);
    });
  });

  describe.each(['docker', 'podman'] as const)('memcage init in a container of %s', (engine) => {
    const node = dirname(dirname(process.execPath));
    const shared = ['/bin', '/lib', '/lib64', '/usr', ROOT, node].filter((path) => existsSync(path));
    // Docker's writable-cgroups came with its version 28.
    const isUnmasked = engine === 'podman' && version === 2;
    const writable = isUnmasked ? ['--cgroupns=private', '--security-opt', 'unmask=/sys/fs/cgroup'] : ['--privileged'];
    const init = memcage('init', '--', process.execPath, join(ROOT, 'test/fixtures/container/inside.js'));

    function engineRun(...words: readonly string[]): Promise<string> {
      return (engine === 'docker' ? docker : podman)?.run(...words) ?? Promise.resolve('');
    }

    function start(options: readonly string[], command: readonly string[]): Promise<string> {
      const parent = engine === 'podman' ? ['--cgroup-parent', `/${podman?.cgroup}/libpod_parent`] : [];
      const mounts = shared.flatMap((path) => ['-v', `${path}:${path}:ro`]);
      return engineRun(
        'run',
        '--rm',
        '--network',
        'none',
        '-m',
        '400m',
        ...parent,
        ...mounts,
        ...options,
        IMAGE,
        ...command,
      );
    }

    async function inContainer(options: readonly string[], command: readonly string[]): Promise<unknown> {
      return JSON.parse(await start(options, command)) as unknown;
    }

    const found = { oom: 'limit', moved: false, parent: 'memcage-exec', source: version === 1 ? 'own' : 'ancestor' };

    test('as its entry point', async () => {
      expect(await inContainer(writable, init)).toMatchObject(found);
    });

    test("behind the engine's own init, and a shell", async () => {
      const shell = [COMMAND[0] ?? '', '-c', '"$@"; exit $?', 'sh', ...init];
      // Podman's would be another package. It does what Docker's does.
      const around = engine === 'docker' ? [] : [findProgram('docker-init') ?? '', '--'];
      const options = engine === 'docker' ? ['--init'] : [];
      expect(await inContainer([...writable, ...options], [...around, ...shell])).toMatchObject(found);
    });

    test('in one that runs something else, as each step of a job does', async () => {
      const sleep = [findProgram('sleep') ?? '', '600'];
      const id = await start([...writable, '-d'], sleep);
      for (let step = 0; step < 2; step += 1) {
        expect(JSON.parse(await engineRun('exec', id, ...init))).toMatchObject(found);
      }
      await engineRun('kill', id);
    });

    test('it says what to add to an ordinary one', async () => {
      const name = engine === 'docker' ? 'Docker' : 'Podman';
      const error = await inContainer([], init).catch(({ code, stderr }: { code: number; stderr: string }) => ({
        code,
        stderr,
      }));
      expect(error).toEqual({
        code: 125,
        stderr: expect.stringMatching(new RegExp(`read-only in a ${name} container: start it with`)),
      });
    });
  });

  test('one name in both: the candidates', () => {
    const error = withCode('AMBIGUOUS', '2 cgroups match web');
    expect(() => Cgroup.find('web')).toThrow(error);
    for (const id of Object.values(ids)) expect(() => Cgroup.find('web')).toThrow(id);
  });

  test("the figures are Docker's, to the byte", async () => {
    const id = ids.docker;
    using cgroup = Cgroup.find(id);
    const { usage, stat, memory, inactive } = await until(
      'page cache, and unchanged while Docker reads it',
      async () => {
        const seen = { usage: cgroup.usage(), stat: cgroup.stat() };
        const read = await memoryStats(docker?.host ?? '', id);
        const after = { usage: cgroup.usage(), stat: cgroup.stat() };
        const inactive = read.stats[version === 1 ? 'total_inactive_file' : 'inactive_file'] ?? 0;
        const isSame = JSON.stringify(seen) === JSON.stringify(after);
        return isSame && inactive > 0 ? { ...seen, memory: read, inactive } : undefined;
      },
    );
    expect(usage).toMatchObject({
      usageBytes: memory.usage,
      limitBytes: memory.limit,
      workingSetBytes: memory.usage - inactive,
      workingSetPercent: ((memory.usage - inactive) / memory.limit) * 100,
    });
    const names = version === 1 ? ['total_rss', 'total_cache'] : ['anon', 'file'];
    for (const name of names) expect(stat[name]).toBe(memory.stats[name]);
  });
});
