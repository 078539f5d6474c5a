import { constants } from 'node:os';
import { files, version } from '../../support/cgroups/cgroup-tree';
import { patience } from '../../support/patience';
import type { Errno } from '../../support/proving/errnos';
import { type At, failAt } from '../../support/proving/fail-at';
import { operate, type Told } from '../../support/proving/operate';
import { makePlace, type Place } from '../../support/proving/place';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const { ENOMEM } = constants.errno;
const USAGE = new RegExp(`/${files.usage}$`);
const LIMIT = version === 1 ? /memory\.limit_in_bytes$/ : /memory\.max$/;

/** What the instruments of this folder have found, each by itself. */
describeIf(['seccomp', 'machine', 'root', 'cgroup'], 'a system call that fails', () => {
  let place: Place;
  beforeAll(() => {
    place = makePlace();
  });
  afterAll(() => place.remove());

  const errorOf = async (operation: string, at: At, errno: Errno): Promise<Told> => {
    const { said } = await failAt(operation, place, at, errno);
    return said?.first.error ?? { message: `no error: ${JSON.stringify(said)}` };
  };

  test('before the clone is the cause of the error that Node makes', async () => {
    const { errno, syscall, related } = await errorOf(
      'spawn',
      { role: 'parent', call: 'openat2', subject: LIMIT },
      'ENXIO',
    );
    expect([errno, syscall]).toEqual([-constants.errno.ENXIO, 'spawn']);
    expect(related).toContainEqual(expect.objectContaining({ errno: -constants.errno.ENXIO, syscall: 'openat2' }));
  });

  testRows(
    'at the start of the guardian is named',
    [
      [{ role: 'child', call: 'execve', subject: /memcage-exec$/ }, 'ENOTDIR', 'execve'],
      [{ role: 'parent', call: 'eventfd2' }, 'EINVAL', 'eventfd'],
      [{ role: 'parent', call: 'pidfd_open' }, 'ENODEV', 'pidfd_open'],
      [{ role: 'parent', call: 'access', subject: /memcage-exec$/ }, 'EPERM', 'access'],
      [{ role: 'guardian', call: 'clone' }, 'EPERM', 'fork'],
      [{ role: 'child', call: 'openat', subject: /\/dev\/null$/ }, 'ENODEV', 'openat'],
      [{ role: 'child', call: 'dup3' }, 'EBUSY', 'dup3'],
    ] as const,
    async ([at, errno, syscall]) => {
      const error = await errorOf('create', at, errno);
      expect(error).toMatchObject({ code: 'ERR_MEMCAGE_GUARDIAN', errno: -constants.errno[errno], syscall });
    },
  );

  test('where the capabilities for the starter are read is named, and the next start makes one', async () => {
    const { said } = await failAt('mapped', place, { role: 'parent', call: 'capget' }, 'ESRCH');
    expect(said?.first.error).toMatchObject({ errno: -constants.errno.ESRCH, syscall: 'capget' });
    expect(said?.second?.error).toBeUndefined();
  });

  test('where the guardian answers ends it, and nobody waits for the answer', async () => {
    const start = performance.now();
    const error = await errorOf('create', { role: 'guardian', call: 'sendto' }, 'EPIPE');
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_GUARDIAN', errno: -constants.errno.ESRCH, syscall: 'recvfrom' });
    expect(performance.now() - start).toBeLessThan(patience(8000));
  });

  test('where the guardian reads does not keep a message from it', async () => {
    const rules = [1, 2, 3].map((nth) => `fail guardian recvmsg ${nth} ${ENOMEM}`);
    rules.push('kill parent child execve 2');
    const { hits, left, remains } = await operate('spawn', place, { rules, open: true });
    expect([hits.length, left, remains]).toEqual([4, [], []]);
  });

  test('where an init reaps its child is made again: nobody is told of that child once more', async () => {
    const { said, hung } = await failAt('launcher-init', place, { role: 'init', call: 'wait4', last: true }, 'ECHILD');
    expect([hung, said?.first.error, said?.first.result]).toEqual([[], undefined, said?.second?.result]);
  });

  test('where run() reads the output is its error, and nobody else’s', async () => {
    const at: At = { role: 'parent', call: 'read', subject: /^socket:/ };
    const { said } = await failAt('run', place, at, 'EINVAL');
    expect(said?.first.error).toMatchObject({ code: 'EINVAL', errno: -constants.errno.EINVAL, syscall: 'read' });
    expect(said?.stray).toEqual([]);
  });

  test('as if the cgroup were gone is an error: nobody waits for its use for ever', async () => {
    const at: At = { role: 'parent', call: 'openat2', subject: USAGE };
    const { said, hung } = await failAt('events', place, at, 'ENODEV');
    expect(hung).toEqual([]);
    const errno = -constants.errno.ENODEV;
    expect(said?.first.error).toMatchObject({ code: 'ERR_MEMCAGE_NO_CGROUP', errno, syscall: 'openat2' });
  });

  test('in a walk through cgroups is named', async () => {
    const at: At = { role: 'parent', call: 'getdents64', subject: /memcage-\d+-[0-9a-f]+\/1$/, last: true };
    expect(await errorOf('list', at, 'EINVAL')).toMatchObject({
      errno: -constants.errno.EINVAL,
      syscall: 'getdents64',
    });
  });

  testRows(
    'where a cgroup is to be removed is named, and the cgroup is not taken for removed',
    [
      [{ role: 'parent', call: 'statx', subject: /^\/proc\/self\/fd\// }, 'ENOENT', 'stat'],
      [{ role: 'parent', call: 'openat2', subject: /^cgroup\.procs$/ }, 'ENODEV', 'openat2'],
    ] as const,
    async ([at, errno, syscall]) => {
      const { said, remains } = await failAt('remove', place, at, errno);
      expect(said?.first.error).toMatchObject({ errno: -constants.errno[errno], syscall });
      expect(remains).toEqual([]);
    },
  );

  test('where a message is sent to a warm child is an error of run()', async () => {
    const { status, said } = await failAt('pool', place, { role: 'parent', call: 'write', subject: /^socket:/ }, 'EIO');
    expect(status).toBe(0);
    expect(said?.first.error).toMatchObject({ errno: -constants.errno.EIO, syscall: 'write' });
  });

  testRows(
    'where a child is reaped is the cause of the error that Node makes',
    [['spawn'], ['contain'], ['gate']] as const,
    async ([operation]) => {
      const error = await errorOf(operation, { role: 'watcher', call: 'waitid' }, 'ECHILD');
      expect(error).toMatchObject({ errno: -constants.errno.ECHILD, syscall: 'spawn /bin/sh' });
      expect(error.related).toContainEqual(expect.objectContaining({ syscall: 'waitid' }));
    },
  );

  test('where an init takes up its pipe, for a signal, is made again', async () => {
    const { status, said } = await failAt('launcher-init', place, { role: 'init', call: 'dup2' }, 'EINTR');
    expect([status, said?.first.error]).toEqual([0, undefined]);
  });

  testRows(
    'where a gate is opened is the error of the child that waits there',
    [
      [{ role: 'launcher', call: 'read', subject: /^socket:/ }, 'read'],
      [{ role: 'parent', call: 'sendto', subject: /^socket:/ }, 'sendto'],
    ] as const,
    async ([at, syscall]) => {
      const { status, said } = await failAt('gate', place, at, 'EIO');
      expect([status, said?.stray]).toEqual([0, []]);
      expect(said?.first.error).toMatchObject({ errno: -constants.errno.EIO, syscall });
      // Of a shortage, Node makes the error.
      const { ENOMEM } = constants.errno;
      expect(await errorOf('gate', at, 'ENOMEM')).toMatchObject({
        ...{ errno: -ENOMEM, syscall: 'spawn /bin/sh' },
        related: [{ errno: -ENOMEM, syscall }],
      });
    },
  );

  // The last two are what a launcher that has ended brings about, too. Here it has not, and waits.
  test.each([
    [
      'EAGAIN',
      {
        ...{ errno: -constants.errno.EAGAIN, syscall: 'spawn /bin/sh' },
        related: [{ errno: -constants.errno.EAGAIN, syscall: 'sendto' }],
      },
    ],
    ['EPIPE', { errno: -constants.errno.EPIPE, syscall: 'sendto' }],
    ['ECONNRESET', { errno: -constants.errno.ECONNRESET, syscall: 'sendto' }],
  ] as const)('where a gate is opened lets no child wait for ever: %s', async (errno, error) => {
    const at: At = { role: 'parent', call: 'sendto', subject: /^socket:/ };
    expect(await errorOf('gate', at, errno)).toMatchObject(error);
  });

  test('in an init ends it', async () => {
    const { status, said } = await failAt(
      'launcher-init',
      place,
      { role: 'launcher', call: 'rt_sigprocmask' },
      'EINVAL',
    );
    expect(status).toBe(0);
    expect(said?.first.error).toMatchObject({ errno: -constants.errno.EINVAL, stage: 'init' });
  });

  test('where a cage is removed that was made ahead is made again', async () => {
    const at: At = { role: 'parent', call: 'unlinkat' };
    const sound = await operate('other', place);
    const { hits, said } = await failAt('other', place, at, 'ENOMEM');
    expect([hits.length, said?.fds]).toEqual([1, sound.said?.fds]);
  });

  const onV1 = version === 1 ? test : test.skip;
  // Those before are the start's and those of on(), where the caller gets the error.
  onV1.each([
    ['read', /eventfd/, 2],
    ['pread64', /usage_in_bytes$/, 3],
  ])('where the kernel tells of a threshold is made again (%s %s %i)', async (call, subject, nth) => {
    const sound = await operate('events', place);
    const rules = [`fail parent ${call} ${nth}:${subject.source} ${ENOMEM}`];
    const { hits, said } = await operate('events', place, { rules });
    expect([hits.length, said?.stray, said?.first]).toEqual([1, [], sound.said?.first]);
  });

  test('where the guardian waits does not make it spin', async () => {
    const rules = [`fail guardian poll 0 ${ENOMEM}`];
    const { points } = await operate('kill', place, { rules, open: true, graceMs: 500 });
    const count = points.filter(({ role, call }) => role === 'guardian' && call === 'poll').length;
    // One in 10 ms, for some half a second and more.
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(patience(400));
  });
});
