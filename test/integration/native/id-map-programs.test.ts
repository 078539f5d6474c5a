import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type CloneOptions, type IdMapProgram, native } from 'memcage/native';
import { cloneTwice, failedAt, RAN, startCloningTwice, twice } from '../../support/native/clone-fixture';
import type { FaultRule } from '../../support/native/faults';
import { outputOf, shell, temporaryDirectory, whileRunning } from '../../support/native/native-child';
import { WAYS } from '../../support/native/starter';
import { patience } from '../../support/patience';
import { mark } from '../../support/processes/mark';
import { childrenOf, endNow, isAlive, processesWith } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

const { EAGAIN, EINTR, EMFILE, ENOENT, ENOSYS, EPERM, ETIMEDOUT } = constants.errno;
const { CLONE_NEWPID, CLONE_NEWUSER } = native.constants;

const CLONE_THREAD = 0x10000;

describeIf(['root', 'userns'], 'programs that map the ids of a child', () => {
  let directory: string;

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const at = (name: string): string => join(directory, name);

  /** Makes a program from a shell script. $1 is the pid. */
  function script(name: string, text: string, ...args: string[]): IdMapProgram {
    writeFileSync(at(name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return { file: at(name), args };
  }

  /** Maps one id, as root may. It does what newuidmap does, but visibly. */
  const mapper = (file: string, line: string): IdMapProgram =>
    script(file, `pid=$1; shift; echo "$*" > /proc/$pid/${file}`, ...line.split(' '));

  const withPrograms = (...idMapPrograms: IdMapProgram[]): Partial<CloneOptions> => ({
    namespaces: CLONE_NEWUSER,
    idMapPrograms,
  });

  test.each(WAYS)('run one after another, with its pid; it goes on with these ids, $how', ({ way }) => {
    const log = at('log');
    const options = {
      ...withPrograms(
        script('first', `sleep 0.1; echo first $1 $(cat /proc/$1/uid_map) >> ${log}`),
        mapper('uid_map', '7 0 1'),
        mapper('gid_map', '8 0 1'),
        script('last', `echo last $1 $(cat /proc/$1/uid_map) "$2" "$3" >> ${log}`, 'a b', ''),
      ),
      ...way,
    };
    const pid = whileRunning(options, (child) => child);
    expect(readFileSync(log, 'utf8')).toBe(`first ${pid}\nlast ${pid} 7 0 1 a b \n`);
    expect(outputOf({ ...options, ...shell('echo $(id -u) $(id -g)') })).toBe('7 8\n');
  });

  test.each(WAYS)('get the pid that /proc has, not that of its PID namespace, $how', ({ way }) => {
    const options = { ...withPrograms(mapper('uid_map', '7 0 1')), ...way };
    const inside = { ...options, namespaces: CLONE_NEWUSER | CLONE_NEWPID, ...shell('echo $$ $(id -u)') };
    expect(outputOf(inside)).toBe('1 7\n');
  });

  test('get nothing of ours: no variable but LC_ALL, no standard stream', () => {
    const seen = at('seen');
    const look = "tr '\\0' '\\n' < /proc/self/environ; readlink /proc/self/fd/0 /proc/self/fd/1";
    outputOf(withPrograms(script('look', `{ ${look}; } > ${seen}`)));
    // The shell adds its own PWD.
    const lines = readFileSync(seen, 'utf8')
      .split('\n')
      .filter((line) => !/^(PWD|OLDPWD|_)=/.test(line));
    expect(lines).toEqual(['LC_ALL=C', '/dev/null', seen, '']);
  });

  test('have no signal blocked, as their thread has', () => {
    // Not in the shell, which unblocks signals by itself.
    const program = `BEGIN { while ((getline line < "/proc/self/status") > 0) if (line ~ /SigBlk/) print line > "${at('seen')}" }`;
    writeFileSync(at('look'), `#!/usr/bin/awk -f\n${program}\n`, { mode: 0o755 });
    outputOf(withPrograms({ file: at('look'), args: [] }));
    expect(readFileSync(at('seen'), 'utf8')).toBe('SigBlk:\t0000000000000000\n');
  });

  const failing: [what: string, programs: () => IdMapProgram[], failure: Record<string, unknown>][] = [
    [
      'that ends with another code than 0, with what it says',
      () => [script('refuse', 'echo something >&2; echo is wrong >&2; echo; exit 3')],
      { errno: -EPERM, path: 'refuse', output: 'something\nis wrong' },
    ],
    [
      'that says more than anyone wants to read',
      () => [script('talk', 'head -c 5000000 /dev/zero | tr "\\0" x >&2; exit 1')],
      { errno: -EPERM, path: 'talk', output: 'x'.repeat(1024) },
    ],
    ['that a signal ends', () => [script('die', 'kill -KILL $$')], { errno: -EINTR, path: 'die' }],
    [
      'that is not there',
      () => [{ file: at('missing'), args: [] }],
      { errno: -ENOENT, path: 'missing', syscall: 'posix_spawn' },
    ],
    [
      'that fails after one that did not',
      () => [mapper('uid_map', '0 0 1'), script('refuse', 'exit 1')],
      { errno: -EPERM, path: 'refuse' },
    ],
  ];

  testRows(
    'one that fails: no child is left',
    failing.flatMap(([what, ...rest]) => WAYS.map((how) => ({ what, rest, ...how }))),
    async ({ rest: [programs, failure], way }) => {
      const options = { ...withPrograms(...programs()), ...shell('echo ran > "$1"', at('marker')), ...way };
      expect(await cloneTwice({ options })).toEqual(
        twice({ ...failedAt('id-maps', 0), ...failure, path: at(String(failure['path'])) }),
      );
      expect(existsSync(at('marker'))).toBe(false);
    },
    { name: ({ what, how }) => `one ${what}, ${how}` },
  );

  test('one after a failed one is not run', async () => {
    const options = withPrograms(script('refuse', 'exit 1'), script('next', `echo ran > ${at('marker')}`));
    expect(await cloneTwice({ options })).toEqual(twice(failedAt('id-maps', EPERM, at('refuse'))));
    expect(existsSync(at('marker'))).toBe(false);
  });

  test.each(WAYS)('one that does not end is killed with the child, $how', async ({ way }) => {
    const sleep = `sleep ${mark()}`;
    const options = { ...withPrograms(script('hang', `exec ${sleep}`)), watchdogMs: 200, ...way };
    const report = await cloneTwice({ options });
    expect(report).toEqual(twice(failedAt('watchdog', ETIMEDOUT, '/bin/true')));
    expect(Math.max(...report.attempts.map(({ ms }) => ms))).toBeLessThan(patience(3000));
    expect(processesWith(sleep)).toEqual([]);
  });

  test('without a need for them none is run, and nobody waits', async () => {
    const options = { ...withPrograms(script('mark', `echo ran > ${at('marker')}`)), joinFds: [999] };
    expect(await cloneTwice({ options })).toEqual(twice(failedAt('cgroup', constants.errno.EBADF, 'fd 999', 'write')));
    expect(existsSync(at('marker'))).toBe(false);
  });

  test('a child whose parent is killed meanwhile ends by itself', async () => {
    const sleep = `sleep ${mark()}`;
    const fixture = startCloningTwice({ options: withPrograms(script('hang', `exec ${sleep}`)) });
    const sleeper = await until('the program runs', () => processesWith(sleep)[0]);
    const children = childrenOf(fixture.pid);
    expect(children).toHaveLength(2);
    endNow(fixture.pid);
    await fixture.end;
    try {
      await until('the child ends', () => children.filter(isAlive).every((pid) => pid === sleeper));
    } finally {
      endNow(sleeper);
    }
  });

  const shortages: [what: string, rules: FaultRule[], errno: number, path: string, syscall: string][] = [
    ['fds for a socket pair', [{ syscall: 'socketpair', errno: EMFILE }], EMFILE, '', 'socketpair'],
    ['fds for the output', [{ syscall: 'memfd_create', errno: EMFILE }], EMFILE, 'memfd_create', 'memfd_create'],
    [
      'threads',
      [
        { syscall: 'clone3', errno: ENOSYS },
        { syscall: 'clone', errno: EAGAIN, argument: 0, mask: CLONE_THREAD, value: CLONE_THREAD },
      ],
      EAGAIN,
      '',
      'pthread_create',
    ],
  ];

  testRows('a shortage is reported, and leaves nothing', shortages, async ([, rules, errno, path, syscall]) => {
    const options = withPrograms(script('fine', 'exit 0'));
    expect(await cloneTwice({ rules, options })).toEqual(twice(failedAt('id-maps', errno, path, syscall)));
  });

  test('with neither shortage nor refusal the program runs', async () => {
    expect(await cloneTwice({ options: withPrograms(script('fine', 'exit 0')) })).toEqual(twice(RAN));
  });
});
