import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, EngineTree, memory, type Self } from '../../support/engines/container-view';
import { describeIf } from '../../support/require';

const MIB = 2 ** 20;
const ID = '3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90';
const TWIN = `${ID.slice(0, 12)}${'0'.repeat(52)}`;
const LIMITS = { engine: 200 * MIB, container: 300 * MIB };

/** Mounts a cgroup file system of the reader's cgroup namespace over what the machine has mounted. */
const FRESH_MOUNT =
  memory.version === 1 ? 'mount -t cgroup -o ro,memory none "$cgroup"' : 'mount -t cgroup2 -o ro none "$cgroup"';

/** On v1 the kernel reveals hidden limits. */
const HIDDEN_LIMIT =
  memory.version === 1
    ? { maxBytes: LIMITS.engine, maxBy: 'hidden', maxPath: null, complete: true }
    : { maxBytes: LIMITS.container, maxBy: 'cgroup', maxPath: memory.mountPoint, complete: false };

/** v2: memcage looked at every candidate and found no parent. v1: there is only one candidate. */
const NOWHERE = memory.version === 1 ? 'NO_PERMISSION' : 'NO_PARENT';

describeIf(['linux', 'root'], 'from inside of a container', () => {
  let tree: EngineTree;
  beforeAll(() => {
    tree = new EngineTree(ID, LIMITS);
  });
  afterAll(() => tree.remove());

  function refused(code: string, message: RegExp): Answer<unknown> {
    return { error: expect.objectContaining({ code: `ERR_MEMCAGE_${code}`, message: expect.stringMatching(message) }) };
  }

  function expectSelf(answer: Answer<unknown> | undefined, path: string): Self {
    const self = (answer as Answer<Self>).value;
    expect(answer).toEqual({ value: expect.objectContaining({ path, hasStat: true }) });
    expect(self?.limits.max).toBe(LIMITS.container);
    expect(self?.usage.limitBytes).toBe(LIMITS.container);
    expect(self?.usage.usageBytes).toBeGreaterThan(MIB);
    expect(self?.usage.usageBytes).toBeLessThan(LIMITS.engine);
    expect(self?.peak).toBeGreaterThan(MIB);
    return self as Self;
  }

  test('a read-only file system of its own cgroup namespace', async () => {
    const [self, of, find, create, limit, run] = await tree.look(
      FRESH_MOUNT,
      [['self'], ['of', tree.pid], ['find', ID], ['create', 'inner'], ['limit', '250M'], ['run', { memory: '50M' }]],
      { env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } },
    );
    expect(expectSelf(self, memory.mountPoint).effective).toMatchObject(HIDDEN_LIMIT);
    expect(of).toEqual(refused('NOT_VISIBLE', /process \d+ is outside of the cgroup namespace/));
    expect(find).toEqual(refused('NO_CGROUP', new RegExp(`No cgroup below ${memory.mountPoint} belongs to ${ID}`)));
    const cure = /read-only in a Kubernetes container: .*privileged: true/;
    expect(limit).toEqual(refused('NO_PERMISSION', cure));
    for (const answer of [create, run]) expect(answer).toEqual(refused(NOWHERE, cure));
  });

  // With the guest's single processor, the kernel may not see that a victim is still ending, and kill the reader too.
  describeIf('machine', 'a limit above what is mounted', () => {
    test('the kernel names it only on v1', async () => {
      // More than that limit allows, but less than the limit of its own container.
      const cage = { memory: '250M' };
      const [outcome, own] = await tree.look(FRESH_MOUNT.replace('-o ro,', '-o ').replace('-o ro ', ''), [
        ['hog', cage],
        ['hog', { memory: '50M' }],
      ]);
      const cause = memory.version === 1 ? 'ancestor' : 'unknown';
      // The limit can't be seen from here.
      expect(outcome).toMatchObject({ value: { cause, kills: 1, limitBytes: null, path: null } });
      expect(own).toMatchObject({ value: { cause: 'limit', kills: 1, limitBytes: 50 * MIB } });
    });
  });

  test('a read-only mount of its own cgroup, without a namespace', async () => {
    const bind = 'mount --bind "$container" "$cgroup"; mount -o remount,ro,bind "$cgroup"';
    const [self, of, open, create] = await tree.look(
      bind,
      [['self'], ['of', tree.pid], ['open', tree.container.slice(memory.mountPoint.length)], ['create', 'inner']],
      { namespace: false },
    );
    expect(expectSelf(self, memory.mountPoint).effective).toMatchObject(HIDDEN_LIMIT);
    expect(of).toEqual(refused('NOT_VISIBLE', /process \d+ is outside of what is mounted at/));
    expect(open).toEqual({ value: memory.mountPoint });
    // The name of its cgroup shows what it is.
    expect(create).toEqual(refused(NOWHERE, /read-only in a Docker container: .*--privileged/));
  });

  test('the mount of the host, in a namespace: the kernel names nothing between both', async () => {
    const twin = join(tree.top, 'docker', TWIN);
    mkdirSync(twin, { recursive: true });
    const [self, of, ofInit, ...found] = await tree.look(':', [
      ['self'],
      ['of', tree.pid],
      ['of', process.pid],
      ['find', ID],
      ['find', ID.slice(0, 13)],
      ['find', ID.slice(0, 12)],
      ['find', ID.slice(0, 4)],
      ['find', ID.slice(0, 3)],
      ['find', tree.top.split('/').at(-1)],
    ]);
    expect(expectSelf(self, tree.container).effective).toMatchObject({
      maxBytes: LIMITS.engine,
      maxBy: 'cgroup',
      maxPath: tree.top,
      complete: true,
    });
    expect(of).toEqual({ value: tree.sibling });
    expect(ofInit).toEqual({ value: memory.own });
    const both = `(${twin}.*${tree.container}|${tree.container}.*${twin})`;
    const ambiguous = refused('AMBIGUOUS', new RegExp(`^2 cgroups .*${both}`));
    const none = refused('NO_CGROUP', /No cgroup/);
    expect(found).toEqual([
      { value: tree.container },
      { value: tree.container },
      ambiguous,
      ambiguous,
      none,
      { value: tree.top },
    ]);
  });

  test('a mount of a cgroup above, in a namespace', async () => {
    const [self, of] = await tree.look('mount --bind "$top" "$cgroup"', [['self'], ['of', tree.pid]]);
    const shown = tree.container.replace(tree.top, memory.mountPoint);
    expect(expectSelf(self, shown).effective).toMatchObject({
      maxBytes: LIMITS.engine,
      maxBy: 'cgroup',
      maxPath: memory.mountPoint,
      complete: memory.version === 1,
    });
    expect(of).toEqual({ value: join(memory.mountPoint, 'sibling') });
  });

  test("both: its own, and the host's elsewhere", async () => {
    const elsewhere = '/mnt';
    mkdirSync(join(tree.container, 'inside'), { recursive: true });
    const [self, of, find, inside, open] = await tree.look(`mount --bind "$cgroup" ${elsewhere}; ${FRESH_MOUNT}`, [
      ['self'],
      ['of', tree.pid],
      ['find', 'sibling'],
      ['find', 'inside'],
      ['open', join(elsewhere, tree.top.slice(memory.mountPoint.length))],
    ]);
    expectSelf(self, memory.mountPoint);
    const shown = join(elsewhere, tree.sibling.slice(memory.mountPoint.length));
    expect(of).toEqual({ value: shown });
    expect(find).toEqual({ value: shown });
    // Both mounts show it.
    expect(inside).toEqual({ value: join(memory.mountPoint, 'inside') });
    expect(open).toEqual({ value: join(elsewhere, tree.top.slice(memory.mountPoint.length)) });
  });

  test('no cgroup file system at all', async () => {
    const unmount =
      'while umount -l /sys/fs/cgroup 2>/dev/null; do :; done; grep -q cgroup /proc/self/mountinfo && exit 9';
    const [self, run] = await tree.look(`${unmount} || true`, [['self'], ['run', { memory: '50M' }]]);
    const missing = refused(
      'UNSUPPORTED',
      memory.version === 1 ? /on cgroup v1, which is not mounted/ : /no cgroup file/,
    );
    expect([self, run]).toEqual([missing, missing]);
  });
});
