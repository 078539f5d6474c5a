import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, prepare, run } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { removeOwners } from '../../../support/nothing-left';
import { until } from '../../../support/until';

/** For test/guest/views/container: a writable cgroupfs in this container's own namespace. */
const ROOT = '/sys/fs/cgroup';
const LEAF = join(ROOT, 'own-processes');
const CAGES = join(ROOT, 'cages');
const PROGRAM = join(__dirname, '../../../fixtures/systemd/program.js');

/** The processes directly in a cgroup. */
function members(path: string): string[] {
  return readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
}

function move(from: string, to: string): void {
  for (const pid of members(from)) {
    try {
      writeFileSync(join(to, 'cgroup.procs'), pid);
    } catch (error) {
      // The process has ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

describe('in a container with a writable cgroupfs of its own namespace', () => {
  beforeAll(() => {
    // A cgroup that enables the controller for its children must have no processes.
    for (const path of [LEAF, CAGES]) mkdirSync(path);
    move(ROOT, LEAF);
    writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+memory');
  });

  afterAll(async () => {
    using cages = Cgroup.open(CAGES);
    await cages.remove();
    removeOwners();
    writeFileSync(join(ROOT, 'cgroup.subtree_control'), '-memory');
    move(LEAF, ROOT);
    rmdirSync(LEAF);
  });

  test('cages work in it', async () => {
    const { exitCode, memory } = await run('true', [], { memory: '50M', parent: CAGES });
    expect(exitCode).toBe(0);
    expect(memory.limitBytes).toBe(50 * 2 ** 20);
  });

  test('they are found a place by themselves', async () => {
    expect(await prepare()).toEqual({ source: 'ancestor', path: ROOT });
    const { stdout } = await run('cat', ['/proc/self/cgroup'], { memory: '50M' });
    expect(stdout).toMatch(/^0::\/memcage-\d+-[0-9a-f]+\/\d+\n$/);
  });

  test('a program in a cage makes cages in that', async () => {
    const { stdout } = await run(process.execPath, [PROGRAM, 'prepare'], { memory: '300M', parent: CAGES });
    const { before, parent, after, child, memory } = JSON.parse(stdout) as Record<string, string> & {
      parent: unknown;
      memory: unknown;
    };
    expect(before).toMatch(/^\/cages\/memcage-\d+-[0-9a-f]+\/\d+$/);
    expect(parent).toEqual({ source: 'own', path: `${ROOT}${before}` });
    expect(after).toMatch(new RegExp(`^${before}/memcage-self-\\d+-[0-9a-f]+$`));
    expect(child).toMatch(new RegExp(`^${before}/memcage-\\d+-[0-9a-f]+/\\d+$`));
    expect(memory).toMatchObject({ limitBytes: 50 * 2 ** 20 });
  });

  describe('a program in a cgroup of its own', () => {
    const given = join(ROOT, 'given');
    beforeEach(() => mkdirSync(given, { recursive: true }));
    afterEach(async () => {
      // Its guardian may still be there for a moment.
      await until('empty', () => readFileSync(join(given, 'cgroup.procs'), 'utf8') === '');
      rmdirSync(given);
    });

    async function start(how: string): Promise<Record<string, string>> {
      const entered = `echo 0 > "$0/cgroup.procs" && ${how}`;
      const { stdout } = await run('sh', ['-c', entered, given, process.execPath, PROGRAM, 'once']);
      return JSON.parse(stdout) as Record<string, string>;
    }

    test('makes room in it for its cages, and leaves it as it was', async () => {
      const { before, after, child } = await start('exec "$@"');
      expect(before).toBe('/given');
      expect(after).toMatch(/^\/given\/memcage-self-\d+-[0-9a-f]+$/);
      expect(child).toMatch(/^\/given\/memcage-\d+-[0-9a-f]+\/\d+$/);
      expect(readdirSync(given, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
      expect(readFileSync(join(given, 'cgroup.subtree_control'), 'utf8').trim()).toBe('');
    });

    test('lets others that are in it be, and uses the one above', async () => {
      const { before, after, child } = await start('"$@"; :');
      expect([before, after]).toEqual(['/given', '/given']);
      expect(child).toMatch(/^\/memcage-\d+-[0-9a-f]+\/\d+$/);
    });
  });

  test('their limits hold', async () => {
    const greedy = ['if=/dev/zero', 'of=/dev/null', 'bs=60M', 'count=1'];
    const { oom } = await run('dd', greedy, { memory: '30M', parent: CAGES, reject: false });
    expect(oom).toMatchObject({ cause: 'limit' });
  });

  test('a child in a cgroup namespace of its own', async () => {
    const cage = createCage({ memory: '50M', parent: CAGES });
    const { stdout } = await cage.run('cat', ['/proc/self/cgroup'], { namespaces: { cgroup: true } });
    expect(stdout).toBe('0::/\n');
    await cage.close();
  });

  test('cgroups by hand, seen by their processes', async () => {
    using made = Cgroup.create('by-hand', { parent: CAGES, memory: { max: '50M', high: '40M' } });
    using self = Cgroup.self();
    expect(self.path).toBe(LEAF);
    made.add(process.pid);
    try {
      using now = Cgroup.self();
      expect(now.path).toBe(made.path);
      expect(now.effectiveLimits()).toMatchObject({
        maxBytes: 50 * 2 ** 20,
        maxBy: 'cgroup',
        maxPath: made.path,
        highBytes: 40 * 2 ** 20,
        highPath: made.path,
        complete: false,
      });
      using found = Cgroup.find('by-hand');
      expect(found.path).toBe(made.path);
    } finally {
      self.add(process.pid);
    }
    await made.remove();
    expect(existsSync(made.path)).toBe(false);
  });

  test("the container's own limit is not the container's to change", () => {
    using root = Cgroup.open(ROOT);
    expect(() => root.setLimits('900M')).toThrow(expect.objectContaining({ code: 'ERR_MEMCAGE_NO_PERMISSION' }));
    expect(root.limits().max).toBe(2 ** 30);
  });
});
