import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type CloneOptions, type IdMapProgram, native } from 'memcage/native';
import { cloneTwice, failedAt, RAN, startCloningTwice, twice } from '../../support/native/clone-fixture';
import { outputOf, shell, temporaryDirectory, whileRunning } from '../../support/native/native-child';
import { STARTER } from '../../support/native/starter';
import { patience } from '../../support/patience';
import { mark } from '../../support/processes/mark';
import { endNow, isAlive, processesWith } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

const { EINTR, EMFILE, ENOENT, EPERM, ETIMEDOUT } = constants.errno;
const { CLONE_NEWPID, CLONE_NEWUSER } = native.constants;

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
    starter: STARTER,
    idMapPrograms,
  });

  test('run one after another, with its pid; it goes on with these ids', () => {
    const log = at('log');
    const options = {
      ...withPrograms(
        script('first', `sleep 0.1; echo first $1 $(cat /proc/$1/uid_map) >> ${log}`),
        mapper('uid_map', '7 0 1'),
        mapper('gid_map', '8 0 1'),
        script('last', `echo last $1 $(cat /proc/$1/uid_map) "$2" "$3" >> ${log}`, 'a b', ''),
      ),
    };
    const pid = whileRunning(options, (child) => child);
    expect(readFileSync(log, 'utf8')).toBe(`first ${pid}\nlast ${pid} 7 0 1 a b \n`);
    expect(outputOf({ ...options, ...shell('echo $(id -u) $(id -g)') })).toBe('7 8\n');
  });

  test('get the pid that /proc has, not that of its PID namespace', () => {
    const options = withPrograms(mapper('uid_map', '7 0 1'));
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

  test('have no signal blocked', () => {
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
    failing,
    async ([, programs, failure]) => {
      const options = { ...withPrograms(...programs()), ...shell('echo ran > "$1"', at('marker')) };
      expect(await cloneTwice({ options })).toEqual(
        twice({ ...failedAt('id-maps', 0), ...failure, path: at(String(failure['path'])) }),
      );
      expect(existsSync(at('marker'))).toBe(false);
    },
    { name: ([what]) => `one ${what}` },
  );

  test('one after a failed one is not run', async () => {
    const options = withPrograms(script('refuse', 'exit 1'), script('next', `echo ran > ${at('marker')}`));
    expect(await cloneTwice({ options })).toEqual(twice(failedAt('id-maps', EPERM, at('refuse'))));
    expect(existsSync(at('marker'))).toBe(false);
  });

  test('one that does not end is killed with the child', async () => {
    const sleep = `sleep ${mark()}`;
    const options = { ...withPrograms(script('hang', `exec ${sleep}`)), watchdogMs: 200 };
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
    // The starter, its child, and the program.
    const children = readFileSync(`/proc/${fixture.pid}/task/${fixture.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    expect(children).toHaveLength(3);
    endNow(fixture.pid);
    await fixture.end;
    try {
      await until('the child ends', () => children.filter(isAlive).every((pid) => pid === sleeper));
    } finally {
      endNow(sleeper);
    }
  });

  test('a shortage of fds for a socket pair is reported, and leaves nothing', async () => {
    const rules = [{ syscall: 'socketpair', errno: EMFILE }];
    const options = withPrograms(script('fine', 'exit 0'));
    expect(await cloneTwice({ rules, options })).toEqual(twice(failedAt('id-maps', EMFILE, '', 'socketpair')));
  });

  test('with neither shortage nor refusal the program runs', async () => {
    expect(await cloneTwice({ options: withPrograms(script('fine', 'exit 0')) })).toEqual(twice(RAN));
  });
});
