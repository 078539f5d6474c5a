import childProcess, { type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import * as memcage from 'memcage';
import { createCage, type SharedCage, spawnSync } from 'memcage';
import { drawn } from '../../../support/drawn';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

type Sync = (...args: never[]) => unknown;
interface Functions {
  spawnSync: Sync;
  execFileSync: Sync;
  execSync: Sync;
}

const node: Functions = { ...childProcess };

/** memcage's functions, with its own options. */
const caged = ({ spawnSync, execFileSync, execSync }: typeof memcage, options: object): Functions => {
  const add =
    (run: Sync, isCommand: boolean): Sync =>
    (...args: never[]) => {
      const given: unknown[] = [...args];
      const at = given.findIndex(
        (value, index) => index > 0 && !Array.isArray(value) && typeof value === 'object' && value !== null,
      );
      if (at >= 0) given[at] = { ...(given[at] as object), ...options };
      else given.push(...(isCommand || given.length > 1 ? [] : [[]]), options);
      return run(...(given as never[]));
    };
  return {
    spawnSync: add(spawnSync as Sync, false),
    execFileSync: add(execFileSync as Sync, false),
    execSync: add(execSync as Sync, true),
  };
};

/** Node's own functions within `contain()`. */
const contained = (cage: () => SharedCage): Functions => {
  const within =
    (run: Sync): Sync =>
    (...args) =>
      cage().contain(() => run(...args));
  return {
    spawnSync: within(node.spawnSync),
    execFileSync: within(node.execFileSync),
    execSync: within(node.execSync),
  };
};

/** What a call returned or threw, without what differs from one process to the next. */
function observe(functions: Functions, name: keyof Functions, args: readonly unknown[]): unknown {
  try {
    return plain(functions[name](...(args as never[])));
  } catch (error) {
    return { thrown: plain(error) };
  }
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const { outcome: _, pid, error, ...rest } = value as Partial<SpawnSyncReturns<string>> & { outcome?: unknown };
  const named = types.isNativeError(value) ? { name: value.name, message: value.message } : {};
  return {
    ...rest,
    ...named,
    order: Object.keys(value).filter((key) => key !== 'outcome'),
    hasPid: pid !== undefined && pid > 0,
    // In Node's error of a failed start, `error` is the error itself.
    ...(error !== undefined && { error: (error as unknown) === value ? 'itself' : plain(error) }),
  };
}

let directory: string;
let script: string;
let closed: string;
let fd: number;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-sync-'));
  script = join(directory, 'script');
  writeFileSync(script, 'echo script "$0" "$@"\n', { mode: 0o755 });
  closed = join(directory, 'closed');
  writeFileSync(closed, '#!/bin/sh\n');
  chmodSync(closed, 0o644);
  fd = openSync('/etc/passwd', 'r');
});
afterAll(() => {
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

const UTF8 = { encoding: 'utf8' } as const;
const FDS = 'for fd in 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$fd ] && echo $fd; done; true';

const MUCH = 'head -c 300000 /dev/zero | tr "\\0" 1';
const FIVE_PIPES = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'];
// Long enough for its child to have ended by then, but not for what that leaves.
const ENOUGH_MS = Math.min(3000, patience(600));
const ENOUGH = { ...UTF8, timeout: ENOUGH_MS };
const LATER_S = Math.min(1000, patience(300)) / 1000;
const LONGER_S = (2 * ENOUGH_MS) / 1000;

type Case = [what: string, name: keyof Functions, args: () => unknown[]];
const cases: Case[] = [
  ['output', 'spawnSync', () => ['sh', ['-c', 'echo out; echo err >&2'], {}]],
  ['text', 'spawnSync', () => ['sh', ['-c', 'echo out; echo err >&2'], UTF8]],
  ['no args', 'spawnSync', () => ['true']],
  ['options in place of args', 'spawnSync', () => ['pwd', { ...UTF8, cwd: '/' }]],
  ['undefined options', 'spawnSync', () => ['echo', ['a'], undefined]],
  ['args that are no text', 'spawnSync', () => ['echo', [1, true, null], UTF8]],
  ['an exit code', 'spawnSync', () => ['sh', ['-c', 'exit 7']]],
  ['a signal', 'spawnSync', () => ['sh', ['-c', 'kill -USR1 $$']]],
  ['input', 'spawnSync', () => ['cat', [], { ...UTF8, input: 'x'.repeat(100_000) }]],
  ['argv0', 'spawnSync', () => ['sh', ['-c', 'tr "\\0" " " < /proc/$$/cmdline'], { ...UTF8, argv0: 'other' }]],
  ['a program in cwd', 'spawnSync', () => ['./script', ['a b'], { ...UTF8, cwd: directory }]],
  ['a PATH of its own', 'spawnSync', () => ['script', [], { ...UTF8, env: { PATH: `/nowhere::${directory}` } }]],
  ['an empty environment', 'spawnSync', () => ['env', [], { ...UTF8, env: {} }]],
  ['a shell', 'spawnSync', () => ['echo $0', [], { ...UTF8, shell: true }]],
  ['another shell', 'spawnSync', () => ['echo $0', [], { ...UTF8, shell: '/bin/bash' }]],
  ['no fds but its own', 'spawnSync', () => ['sh', ['-c', FDS], UTF8]],
  [
    'more fds',
    'spawnSync',
    () => ['sh', ['-c', `${FDS}; echo five >&5`], { ...UTF8, stdio: ['ignore', 'pipe', null, fd, 'ignore', 'pipe'] }],
  ],
  ['a short stdio', 'spawnSync', () => ['sh', ['-c', FDS], { ...UTF8, stdio: ['ignore'] }]],
  ['stdio in a word', 'spawnSync', () => ['sh', ['-c', FDS], { ...UTF8, stdio: 'ignore' }]],
  [
    'a session of its own',
    'spawnSync',
    () => ['sh', ['-c', '[ $(ps -o sid= -p $$) = $$ ]; echo $?'], { ...UTF8, detached: true }],
  ],
  ['no session of its own', 'spawnSync', () => ['sh', ['-c', '[ $(ps -o sid= -p $$) = $$ ]; echo $?'], UTF8]],
  ['a signal without a name', 'spawnSync', () => ['bash', ['-c', 'kill -35 $$']]],
  ['input that nobody reads', 'spawnSync', () => ['true', [], { input: 'x'.repeat(1_000_000) }]],
  ['input where there is no pipe', 'spawnSync', () => ['cat', [], { ...UTF8, input: 'a', stdio: ['ignore', 'pipe'] }]],
  ['input of words', 'spawnSync', () => ['cat', [], { input: new Uint16Array([1, 515]) }]],
  ['input of a DataView', 'spawnSync', () => ['cat', [], { input: new DataView(Uint8Array.of(1, 2, 3).buffer, 1) }]],
  ['no input', 'spawnSync', () => ['cat', [], { ...UTF8, input: '' }]],
  ['much output', 'spawnSync', () => ['sh', ['-c', `${MUCH}; ${MUCH} >&2`], UTF8]],
  ['another encoding', 'spawnSync', () => ['echo', ['a'], { encoding: 'hex' }]],
  ['pipes beyond three', 'spawnSync', () => ['sh', ['-c', 'echo a >&4; echo b >&3'], { ...UTF8, stdio: FIVE_PIPES }]],
  ['a stream', 'spawnSync', () => ['sh', ['-c', 'exit 3'], { stdio: ['pipe', process.stdout, process.stderr] }]],
  ['an fd that is not open', 'spawnSync', () => ['true', [], { stdio: [4000, 'pipe', 'pipe'] }]],
  ['a negative fd', 'spawnSync', () => ['true', [], { stdio: [-5, 'pipe', 'pipe'] }]],
  ['inherited stdio', 'spawnSync', () => ['sh', ['-c', 'exit 3'], { stdio: 'inherit' }]],
  ['an id that is none', 'spawnSync', () => ['true', [], { uid: -1 }]],
  ['a group id that is none', 'spawnSync', () => ['true', [], { gid: -1 }]],
  ['an empty cwd', 'spawnSync', () => ['pwd', [], { cwd: '' }]],
  ['ENOENT', 'spawnSync', () => ['no-such-file', ['a']]],
  ['ENOENT with argv0', 'spawnSync', () => ['no-such-file', ['a'], { argv0: 'b' }]],
  ['ENOENT of a path', 'spawnSync', () => ['/nowhere/file', []]],
  ['ENOENT of a shell', 'spawnSync', () => ['true', [], { shell: '/nowhere/sh' }]],
  ['EACCES', 'spawnSync', () => [closed]],
  ['EACCES of a directory', 'spawnSync', () => [directory]],
  ['ENOTDIR', 'spawnSync', () => ['/etc/passwd/x']],
  ['E2BIG', 'spawnSync', () => ['true', ['x'.repeat(200_000)]]],
  ['a missing cwd', 'spawnSync', () => ['true', [], { cwd: '/nowhere' }]],
  ['a timeout', 'spawnSync', () => ['sleep', ['100'], { timeout: 50 }]],
  ['a timeout with a signal', 'spawnSync', () => ['sleep', ['100'], { timeout: 50, killSignal: 'SIGINT' }]],
  [
    'a signal that does nothing',
    'spawnSync',
    () => ['sh', ['-c', `sleep ${LATER_S}; echo a; exit 3`], { ...UTF8, timeout: 50, killSignal: 'SIGWINCH' }],
  ],
  ['a pipe that another one holds', 'spawnSync', () => ['sh', ['-c', `sleep ${LONGER_S} & echo a`], ENOUGH]],
  ['a part of a millisecond', 'spawnSync', () => ['sleep', ['100'], { timeout: 20.5 }]],
  ['no maxBuffer', 'spawnSync', () => ['echo', ['a'], { maxBuffer: 0 }]],
  ['maxBuffer without end', 'spawnSync', () => ['echo', ['a'], { maxBuffer: Number.POSITIVE_INFINITY }]],
  [
    'maxBuffer of two',
    'spawnSync',
    () => ['sh', ['-c', 'printf 123; printf 45 >&2; exec sleep 100'], { maxBuffer: 4 }],
  ],
  ['maxBuffer', 'spawnSync', () => ['sh', ['-c', 'echo 1234567890; exec sleep 100'], { ...UTF8, maxBuffer: 5 }]],
  ['a wrong file', 'spawnSync', () => [1]],
  ['an empty file', 'spawnSync', () => ['', [], {}]],
  ['NUL in an argument', 'spawnSync', () => ['echo', ['a\0b'], {}]],
  ['wrong args', 'spawnSync', () => ['echo', 'a', {}]],
  ['wrong cwd', 'spawnSync', () => ['echo', [], { cwd: 1 }]],
  ['wrong shell', 'spawnSync', () => ['echo', [], { shell: 1 }]],
  ['wrong argv0', 'spawnSync', () => ['echo', [], { argv0: 1 }]],
  ['wrong uid', 'spawnSync', () => ['echo', [], { uid: 'root' }]],
  ['wrong stdio', 'spawnSync', () => ['echo', [], { stdio: 'pip' }]],
  ['wrong stdio entry', 'spawnSync', () => ['echo', [], { stdio: ['pip'] }]],
  ['ipc', 'spawnSync', () => ['echo', [], { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }]],
  ['wrong timeout', 'spawnSync', () => ['echo', [], { timeout: -1 }]],
  ['wrong maxBuffer', 'spawnSync', () => ['echo', [], { maxBuffer: 'x' }]],
  ['wrong killSignal', 'spawnSync', () => ['echo', [], { killSignal: 'SIGNONE' }]],
  ['wrong input', 'spawnSync', () => ['echo', [], { input: 1 }]],
  ['wrong env', 'spawnSync', () => ['echo', [], { env: { A: 'a\0b' } }]],
  ['output', 'execFileSync', () => ['echo', ['a'], UTF8]],
  ['no args', 'execFileSync', () => ['echo']],
  ['an exit code', 'execFileSync', () => ['sh', ['-c', 'echo out; echo err >&2; exit 3'], { ...UTF8, stdio: 'pipe' }]],
  ['a signal', 'execFileSync', () => ['sh', ['-c', 'kill $$'], { stdio: 'pipe' }]],
  ['ENOENT', 'execFileSync', () => ['no-such-file', ['a']]],
  ['argv0 of a failure', 'execFileSync', () => ['false', ['a'], { argv0: 'b' }]],
  ['a timeout', 'execFileSync', () => ['sleep', ['100'], { timeout: 50 }]],
  ['maxBuffer', 'execFileSync', () => ['sh', ['-c', 'echo 1234567890; exec sleep 100'], { maxBuffer: 5 }]],
  ['wrong file', 'execFileSync', () => [null]],
  ['wrong args', 'execFileSync', () => ['echo', 'a']],
  ['output', 'execSync', () => ['echo $0; echo b | tr b c', UTF8]],
  ['no options', 'execSync', () => ['echo a']],
  ['an exit code', 'execSync', () => ['echo out; exit 4', { stdio: 'pipe' }]],
  ['a shell', 'execSync', () => ['echo $0', { ...UTF8, shell: '/bin/bash' }]],
  [
    'a missing command',
    'execSync',
    () => ['no-such-command', { ...UTF8, stdio: 'pipe', env: { ...process.env, LC_ALL: 'C' } }],
  ],
  ['wrong command', 'execSync', () => [1]],
];

/** Longer than memcage waits before it makes a cage ahead. */
const SPARE_MS = patience(100);

let cage: SharedCage;
/** A copy of memcage, which keeps a cage root and a spare cage of its own. */
const kinds: [what: string, functions: () => Functions][] = [
  ['in a cage', () => caged(memcage, { memory: '100M' })],
  ['without a cage', () => caged(memcage, {})],
  ['contained', () => contained(() => cage)],
];

describeIf('cgroup', 'sync functions', () => {
  beforeEach(() => {
    cage = createCage({ memory: '200M' });
  });
  afterEach(() => cage.close());
  expectNothingLeft(async () => {
    for (const arg of ['a', 'b']) spawnSync('true', [arg], { memory: '100M' });
    // By then there is a spare cage.
    await sleep(SPARE_MS);
  });

  const expected = new Map<unknown, unknown>();
  const ofNode = (name: keyof Functions, args: Case[2]): unknown => {
    if (!expected.has(args)) expected.set(args, observe(node, name, args()));
    return expected.get(args);
  };

  describe.each(kinds)('%s', (kind, make) => {
    let functions: Functions;
    beforeAll(() => {
      functions = make();
    });

    for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
      const all = cases.filter(([, each]) => each === name);
      const ofName = drawn(all, all.length / 2, `${kind} ${name}`);
      const check = ([, , args]: Case): void => expect(observe(functions, name, args())).toEqual(ofNode(name, args));
      testRows(`${name} is as with Node`, ofName, check, { name: ([what]) => what });
    }
  });

  test('what was refused was not run', () => {
    const file = join(directory, 'ran');
    expect(() => spawnSync('touch', [file], { memory: '100M', shell: 1 as never })).toThrow(
      'must be one of type boolean or string',
    );
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });
});

describeIf(['cgroup', 'root'], 'sync functions with ids', () => {
  expectNothingLeft(async () => spawnSync('true', { memory: '100M' }));

  test('the program has them, and is in the cage', () => {
    const { stdout } = spawnSync('sh', ['-c', 'id -u; id -g; id -G; cat /proc/self/cgroup'], {
      ...UTF8,
      memory: '100M',
      uid: 65534,
      gid: 65533,
    });
    expect(stdout).toMatch(/^65534\n65533\n65533\n[\s\S]*memcage-/);
  });
});
