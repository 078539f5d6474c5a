import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, type NamespaceOptions, run } from 'memcage';
import { makeCgroup, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const MIB = 2 ** 20;
const TMPFS_MAGIC = 0x01021994;
const NOBODY = { uid: 65534, gid: 65534 };

const ROOT = mountPoint('memory');
const LEAVE = `echo 0 2>/dev/null >${ROOT}/cgroup.procs`;

// docs/reference/threat-model.md claims all of this, beside its tables of attacks: threat-model.test.ts.
describeIf(['cgroup', 'root'], `what a cage holds on cgroup v${version}`, () => {
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  test('root does not leave it that sees the cgroups read-only, and may not mount them anew', async () => {
    // The kill cgroup in another hierarchy has such a name, too.
    const look = 'grep -E ":memory:|^0::" /proc/self/cgroup | head -n 1 | grep -q memcage-[0-9]';
    // A process outside sees the mounts that can be written to.
    const around = `for root in /proc/[0-9]*/root; do echo 0 >$root${ROOT}/cgroup.procs; done 2>/dev/null`;
    const script = `mount -o remount,bind,ro ${ROOT} && exec setpriv --bounding-set -sys_admin sh -c '
      ${LEAVE}; mount -o remount,bind,rw ${ROOT} 2>/dev/null; ${LEAVE}; ${around}; ${look} && echo held || echo left'`;
    const tried = async (namespaces: NamespaceOptions) =>
      (await run('sh', ['-c', script], { memory: '50M', namespaces })).stdout;
    expect(await tried({ pid: true, mount: true })).toBe('held\n');
    expect(await tried({ mount: true })).toBe('left\n');
  });

  describe('memory that outlives the processes', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join('/dev/shm', 'memcage-test-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    test('of files in /dev/shm: it is held by the limit of a cage of many, and of a parent, not by that of the next cage', async () => {
      if (statfsSync('/dev/shm').type !== TMPFS_MAGIC) throw new Error('/dev/shm is no tmpfs');
      const { path: parent, remove } = makeCgroup('60M');
      const write = (name: string) => ['-c', `head -c 20M /dev/zero >${directory}/${name}`];
      for (const name of ['a', 'b']) await run('sh', write(name), { memory: '40M', parent });
      const usage = version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
      expect(Number(readFileSync(join(parent, usage), 'utf8'))).toBeGreaterThan(39 * MIB);
      const third = await run('sh', write('c'), { memory: '40M', parent, reject: false });
      expect(third.oom).toMatchObject({ cause: 'ancestor', path: parent });
      rmSync(directory, { recursive: true });
      remove();
      directory = mkdtempSync(join('/dev/shm', 'memcage-test-'));
    });
  });

  test('file locks are counted nowhere', async () => {
    // At each new lock of a file the kernel looks at all that are there. So these are some of many.
    const lock = `
      use Fcntl;
      for (1 .. 400) {
        pipe(my $from, my $to) or die "pipe: $!";
        push @pipes, $from;
        fcntl($from, F_SETLK, pack('ssx4qqix4', F_RDLCK, 0, 2 * $_, 1, 0)) or die "fcntl: $!" for 1 .. 200;
      }
      print 'held'`;
    const { stdout, memory } = await run('perl', ['-e', lock], { ...NOBODY, memory: '8M' });
    expect(stdout).toBe('held');
    // 80,000 of them, of 192 bytes.
    expect(memory.peakBytes).toBeLessThanOrEqual(8 * MIB);
  });

  test('a cage of many ends all that is in it, whoever it belongs to', async () => {
    await using cage = createCage({ memory: '50M' });
    const child = cage.spawn('sh', ['-c', 'setsid sleep 1000 & trap "" TERM INT HUP; sleep 1000'], NOBODY);
    await cage.close();
    expect((await child.outcome).signal).toBe('SIGKILL');
  });
});
