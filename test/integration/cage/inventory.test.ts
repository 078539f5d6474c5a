import { chownSync, existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createBudget, createCage, spawn } from 'memcage';
import { cageOf, collectGarbage, findCage, type ListedCage, listCages } from 'memcage/machine';
import { version } from '../../support/cgroups/cgroup-tree';
import { strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { openFdCount } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

/** Higher than any pid. */
const NOBODY = 2 ** 30;

/** Takes every lock on a directory that anybody can get. */
const LOCKS = `
  use Fcntl qw(:DEFAULT :flock);
  my ($directory) = @ARGV;
  my ($fOfdSetlk, $wholeFile) = (37, 'ssx4qqix4');
  sysopen(my $top, $directory, O_RDONLY) or die "open: $!";
  flock($top, LOCK_EX | LOCK_NB) or die "flock: $!";
  sysopen(my $procs, "$directory/cgroup.procs", O_RDONLY) or die "open: $!";
  fcntl($procs, $fOfdSetlk, pack($wholeFile, F_RDLCK, 0, 0, 0, 0)) or die "read lock: $!";
  fcntl($procs, $fOfdSetlk, pack($wholeFile, F_WRLCK, 0, 0, 0, 0)) and die "a write lock";
  $| = 1;
  print "done\\n";
  <STDIN>;
`;

describeIf('cgroup', `all cages of the machine, on v${version}`, () => {
  const { make, inhabit, start } = strangers();

  const listed = (path: string): ListedCage | undefined => listCages().find((each) => each.path === path);

  /** Makes what a dead owner leaves: its directory with one cage. */
  function leave(owner: string): string {
    mkdirSync(`${owner}/1`, { recursive: true });
    return `${owner}/1`;
  }

  test('a cage is listed, with its owner, and found by its label', async () => {
    await using cage = createCage({ memory: '64M' });
    const { path } = cage.cgroup;
    expect(listed(path)).toMatchObject({ kind: 'cage', limitBytes: 64 << 20, processes: 0, spare: false });
    const child = cage.spawn('sleep', ['9']);
    expect(listed(path)).toEqual({
      path,
      kind: 'cage',
      parent: null,
      owner: {
        pid: process.pid,
        command: expect.arrayContaining([expect.stringContaining('jest')]) as string[],
        alive: true,
      },
      limitBytes: 64 << 20,
      usageBytes: expect.any(Number) as number,
      processes: 1,
      spare: false,
    });
    const fds = openFdCount();
    using found = findCage(cageOf(path)?.label ?? '');
    expect(found.path).toBe(path);
    expect(openFdCount()).toBe(fds + 1);
    child.kill();
    await child.outcome;
  });

  test('so is a cage within it, and the cage of one child there', async () => {
    await using cage = createCage({ memory: '64M' });
    const inner = cage.contain(() => createCage({ memory: '32M' }));
    const child = inner.spawn('sleep', ['9']);
    const single = inner.contain(() => spawn('sleep', ['9'], { memory: '16M' }));
    const innermost = single.cage.cgroup.path;
    const { path } = inner.cgroup;
    expect(listed(path)).toMatchObject({ parent: cage.cgroup.path, limitBytes: 32 << 20, processes: 2, spare: false });
    expect(listed(innermost)).toMatchObject({ kind: 'cage', parent: path, limitBytes: 16 << 20, processes: 1 });
    // Its leaf is none.
    expect(listCages().filter(({ path }) => path.startsWith(cage.cgroup.path))).toHaveLength(3);
    for (const each of [path, innermost]) {
      using found = findCage(cageOf(each)?.label ?? '');
      expect(found.path).toBe(each);
    }
    single.kill();
    child.kill();
    await Promise.all([single.outcome, child.outcome]);
  });

  test('a budget is listed as one, with its jobs in it', async () => {
    await using budget = createBudget({ memory: '64M' });
    const job = await budget.spawn('sleep', ['9'], { memory: '8M' });
    const { path } = budget.cage.cgroup;
    expect(listed(path)).toMatchObject({ kind: 'budget', parent: null, processes: 1 });
    expect(listed(job.cage.cgroup.path)).toMatchObject({ kind: 'cage', parent: path, limitBytes: 8 << 20 });
    using found = findCage(cageOf(path)?.label ?? '');
    expect(found.path).toBe(path);
    job.kill();
    await job.outcome;
    await using cage = createCage({ memory: '96M' });
    await using inner = cage.contain(() => createBudget({ memory: '64M' }));
    expect(listed(inner.cage.cgroup.path)).toMatchObject({ kind: 'budget', parent: cage.cgroup.path });
  });

  test('the one that is kept ready for the next child is a spare one', async () => {
    const child = spawn('sleep', ['9'], { memory: '8M' });
    const isSpareOfOurs = ({ path, spare }: ListedCage): boolean => spare && cageOf(path)?.ownerPid === process.pid;
    await until('one is kept ready', () => listCages().some(isSpareOfOurs));
    expect(listCages().filter(isSpareOfOurs)).toEqual([expect.objectContaining({ kind: 'cage', processes: 0 })]);
    child.kill();
    await child.outcome;
  });

  test('what a dead owner has left is listed, and would be removed', async () => {
    const owner = `${make()}/memcage-${NOBODY}-0a`;
    const path = leave(owner);
    // On v2 nobody may have given it the controller of memory: then it has no account.
    const usageBytes = existsSync(`${path}/memory.current`) || version === 1 ? 0 : null;
    const unlimited = { limitBytes: Number.POSITIVE_INFINITY, usageBytes, processes: 0 };
    const dead = { pid: NOBODY, command: [], alive: false };
    // v1 knows spare cages by their stamp, which this one lacks.
    expect(listed(path)).toEqual({ path, kind: 'cage', parent: null, owner: dead, ...unlimited, spare: version === 2 });
    const collected = await collectGarbage({ dryRun: true });
    expect(collected.filter((each) => each.ownerPid === NOBODY)).toEqual([
      { path: owner, kind: 'owner', ownerPid: NOBODY, pids: [], result: 'would be removed', reason: null },
    ]);
    rmdirSync(path);
    expect(listed(owner)).toMatchObject({ kind: 'owner', owner: dead, spare: false });
  });

  describeIf('root', 'whatever a stranger has locked', () => {
    test('what a dead owner has left is its own, and is ended', async () => {
      const owner = `${make()}/memcage-${NOBODY}-0b`;
      const path = leave(owner);
      const pid = await inhabit(path);
      await start('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'perl', '-e', LOCKS, owner]);
      expect(listed(path)?.owner).toEqual({ pid: NOBODY, command: [], alive: false });
      const collected = await collectGarbage();
      expect(collected.filter((each) => each.ownerPid === NOBODY)).toEqual([
        { path: owner, kind: 'owner', ownerPid: NOBODY, pids: [pid], result: 'removed', reason: null },
      ]);
    });
  });

  test('findCage() says when there is none, or more than one, and takes nothing but text', () => {
    const parent = make();
    const paths = ['0a', '0b'].map((letters) => leave(`${parent}/memcage-${NOBODY}-${letters}`));
    const error = thrown(() => findCage(`${NOBODY}/1`)) as Error & { paths: string[] };
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_AMBIGUOUS' });
    expect([...error.paths].sort()).toEqual(paths);
    expect(() => findCage(`${NOBODY}/2`)).toThrow(withCode('NO_CGROUP'));
    expect(() => findCage(5 as never)).toThrow(withCode('INVALID_ARGUMENT'));
  });

  describeIf('root', 'a label that another user has given a directory', () => {
    const STRANGER = 65_534;

    test('does not stand in the way of that of this user', () => {
      const parent = make();
      const [own = '', foreign = ''] = ['0b', '0a'].map((letters) => leave(`${parent}/memcage-${NOBODY}-${letters}`));
      chownSync(dirname(foreign), STRANGER, STRANGER);
      using found = findCage(`${NOBODY}/1`);
      expect(found.path).toBe(own);
    });

    test('does not stand in the way of that of the owner who has this pid', async () => {
      await using cage = createCage({ memory: '64M' });
      const { path } = cage.cgroup;
      const label = cageOf(path)?.label ?? '';
      // Root's cages may be anyone's: root names another user's.
      chownSync(dirname(path), STRANGER - 1, STRANGER - 1);
      const impostor = `${make()}/memcage-${process.pid}-0a`;
      mkdirSync(`${impostor}/${basename(path)}`, { recursive: true });
      chownSync(impostor, STRANGER, STRANGER);
      using found = findCage(label);
      expect(found.path).toBe(path);
    });
  });

  test('collectGarbage() refuses options that it does not know', async () => {
    await expect(collectGarbage({ dryrun: true } as object)).rejects.toThrow(withCode('UNKNOWN_OPTION'));
    await expect(collectGarbage({ dryRun: 1 } as object)).rejects.toThrow(withCode('INVALID_ARGUMENT'));
  });
});
