import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type CloneOptions, native } from 'memcage/native';
import { makeCgroup, version } from '../../support/cgroups/cgroup-tree';
import { faults } from '../../support/native/faults';
import { outputOf, shell, temporaryDirectory, whileRunning } from '../../support/native/native-child';
import { STARTER, WAYS } from '../../support/native/starter';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const { constants } = native;
const { CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS } = constants;

const MS_BIND = 4096;
const MS_SHARED = 1 << 20;

/** The flag for each link in /proc/<pid>/ns. */
const flags = {
  cgroup: CLONE_NEWCGROUP,
  ipc: constants.CLONE_NEWIPC,
  mnt: CLONE_NEWNS,
  net: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  time: constants.CLONE_NEWTIME,
  user: CLONE_NEWUSER,
  uts: CLONE_NEWUTS,
};

const namespacesOf = (pid: number | 'self'): [string, string][] =>
  Object.keys(flags).map((kind) => [kind, readlinkSync(`/proc/${pid}/ns/${kind}`)]);

/** The kinds of namespaces in which a child with these options differs from this process. */
function newNamespaces(options: Partial<CloneOptions>): string[] {
  const ours = new Map(namespacesOf('self'));
  const theirs = whileRunning(options, namespacesOf);
  return theirs.filter(([kind, link]) => ours.get(kind) !== link).map(([kind]) => kind);
}

describeIf(['root', 'userns'], 'namespaces', () => {
  // CLONE_VM can't be combined with CLONE_NEWTIME before Linux 6.3.
  const cases = Object.entries(flags).flatMap(([kind, flag]) =>
    WAYS.filter(({ way }) => kind !== 'time' || way.starter !== undefined).map((each) => ({ kind, flag, ...each })),
  );

  testRows(
    'a new one of each kind and no other',
    cases,
    ({ kind, flag, way }) => {
      expect(newNamespaces({ namespaces: flag, ...way })).toEqual([kind]);
    },
    { name: ({ kind, how }) => `${kind}, ${how}` },
  );

  test('all eight at once, with all that is set up in them', () => {
    const options = {
      namespaces: Object.values(flags).reduce((all, flag) => all | flag, 0),
      starter: STARTER,
      hostname: 'everything',
      idMaps: { uidMap: '0 0 1', gidMap: '0 0 1' },
      privateMounts: true,
      mountProc: true,
      loopback: true,
    };
    expect(newNamespaces(options)).toEqual(Object.keys(flags));
    expect(outputOf({ ...options, ...shell('echo $$ $(uname -n) $(id -u)') })).toBe('1 everything 0\n');
  });

  test('none leaves the child where its parent is', () => {
    expect(newNamespaces({})).toEqual([]);
  });
});

describeIf(['root', 'userns'], 'what is set up in namespaces', () => {
  test('a host name, which stays inside', () => {
    const before = hostname();
    const options = { namespaces: CLONE_NEWUTS, hostname: 'inside', file: '/bin/uname', args: ['uname', '-n'] };
    expect(outputOf(options)).toBe('inside\n');
    expect(hostname()).toBe(before);
  });

  test('/proc shows the new pids only, inside only', () => {
    const proc = { namespaces: CLONE_NEWNS | CLONE_NEWPID, privateMounts: true, ...shell('echo $$ /proc/[0-9]*') };
    expect(outputOf({ ...proc, mountProc: true })).toBe('1 /proc/1\n');
    expect(outputOf({ ...proc, mountProc: false })).toMatch(new RegExp(`/proc/${process.pid}\\s`));
    expect(readdirSync('/proc')).toContain(String(process.pid));
  });

  test('the loopback interface is up', () => {
    const options = { namespaces: CLONE_NEWNET, file: '/bin/cat', args: ['cat', '/proc/net/fib_trie'] };
    expect(outputOf({ ...options, loopback: true })).toContain('127.0.0.1');
    expect(outputOf({ ...options, loopback: false })).not.toContain('127.0.0.1');
  });

  test('the id maps are what was given, and setgroups is denied', () => {
    const options = { namespaces: CLONE_NEWUSER, idMaps: { uidMap: '1000 0 1', gidMap: '2000 0 1' } };
    const files = whileRunning(options, (pid) =>
      ['uid_map', 'gid_map', 'setgroups'].map((name) =>
        readFileSync(`/proc/${pid}/${name}`, 'utf8').trim().split(/\s+/).join(' '),
      ),
    );
    expect(files).toEqual(['1000 0 1', '2000 0 1', 'deny']);
    expect(outputOf({ ...options, ...shell('echo $(id -u) $(id -g)') })).toBe('1000 2000\n');
  });

  test('without id maps the child is nobody', () => {
    expect(outputOf({ namespaces: CLONE_NEWUSER, file: '/usr/bin/id', args: ['id', '-u'] })).toBe('65534\n');
  });
});

describeIf(['root', 'cgroup'], 'a cgroup namespace', () => {
  test('has the cage that the child joined as its root', () => {
    const group = makeCgroup();
    const tasks = openSync(join(group.path, version === 1 ? 'tasks' : 'cgroup.procs'), 'w');
    try {
      const options = { joinFds: [tasks], file: '/bin/cat', args: ['cat', '/proc/self/cgroup'] };
      const memoryLine = (text: string): string | undefined =>
        (version === 1 ? /^\d+:memory:(.*)$/m : /^0::(.*)$/m).exec(text)?.[1];
      expect(memoryLine(outputOf({ ...options, namespaces: CLONE_NEWCGROUP }))).toBe('/');
      expect(memoryLine(outputOf({ ...options, namespaces: 0 }))).toMatch(/memcage-test/);
    } finally {
      closeSync(tasks);
      group.remove();
    }
  });
});

describeIf(['root', 'unified'], 'a cgroup v2 namespace', () => {
  test('has the cage that the child was cloned into as its root', () => {
    const group = makeCgroup(undefined, 'unified');
    const intoCgroupFd = native.openDirectory({ path: group.path });
    try {
      const options = { intoCgroupFd, file: '/bin/cat', args: ['cat', '/proc/self/cgroup'] };
      expect(outputOf({ ...options, namespaces: CLONE_NEWCGROUP })).toMatch(/^0::\/$/m);
      expect(outputOf({ ...options, namespaces: 0 })).toMatch(/^0::.*memcage-test/m);
    } finally {
      native.closeFd({ fd: intoCgroupFd });
      group.remove();
    }
  });
});

describeIf('root', 'a mount namespace', () => {
  let directory: string;

  // A shared mount of this process: otherwise mounts below it would propagate back to it.
  beforeEach(() => {
    directory = temporaryDirectory();
    expect(faults.call('mount', directory, directory, 0, MS_BIND, 0)).toBe(0);
    expect(faults.call('mount', 0, directory, 0, MS_SHARED, 0)).toBe(0);
    mkdirSync(join(directory, 'below'));
  });
  afterEach(() => {
    if (mounted()) faults.call('umount2', join(directory, 'below'), 0);
    expect(faults.call('umount2', directory, 0)).toBe(0);
    rmSync(directory, { recursive: true });
  });

  const mounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(join(directory, 'below'));
  const mountBelow = (privateMounts: boolean): string =>
    outputOf({
      namespaces: CLONE_NEWNS,
      privateMounts,
      ...shell('mount -t tmpfs none "$1" && grep -c "$1" /proc/self/mountinfo', join(directory, 'below')),
    });

  test('keeps what is mounted inside to itself, in every mount', () => {
    expect(mountBelow(true)).toBe('1\n');
    expect(mounted()).toBe(false);
  });

  test('does so only when asked to', () => {
    mountBelow(false);
    expect(mounted()).toBe(true);
  });
});
