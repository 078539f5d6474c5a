import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CageOptions, createCage, type ErrorCode, type ParentCandidate, run, whyUnsupported } from 'memcage';
import {
  cgroupOf,
  makeCgroup,
  members,
  mountPoint,
  read,
  removeTree,
  version,
  write,
} from '../../../support/cgroups/cgroup-tree';
import { delegate } from '../../../support/cgroups/delegate';
import { drawn } from '../../../support/drawn';
import type { FaultRule } from '../../../support/native/faults';
import { temporaryDirectory } from '../../../support/native/native-child';
import { expectNothingLeft } from '../../../support/nothing-left';
import { addBuilt, addFile, BUILT, copyPackage } from '../../../support/package-copy';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { inChroot } from '../../../support/roots/chroot';
import { NAMESPACE_FILES } from '../../../support/roots/namespace-files';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(30_000));

const FIXTURE = join(__dirname, '../../../fixtures/start/api/supported.js');
const ROOT = join(__dirname, '../../../..');
const NOBODY = { uid: 65534, gid: 65534 };
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const { ENOSYS, EPERM } = constants.errno;

/** What is asked of a start, beside a limit of memory. */
type Question = Omit<CageOptions, 'parent'> & { parent?: string };

interface Plain {
  code: ErrorCode;
  message: string;
  path?: string;
  cure?: string;
  candidates?: ParentCandidate[];
}

interface Answer {
  why: Plain | null;
  thrown: Plain | null;
}

interface Situation {
  questions?: Question[];
  /** The start of a command line, in which the process is. */
  through?: readonly string[];
  env?: Record<string, string>;
  node?: string[];
  setting?: { copy?: string; rules?: FaultRule[]; uid?: number; euid?: number; cure?: boolean };
}

/** What a process says and does there. Expects that both agree. */
async function ask({ questions = [{}], through = [], env, node = [], setting = {} }: Situation): Promise<Answer[]> {
  const words = [...through, process.execPath, ...node, FIXTURE, JSON.stringify(questions), JSON.stringify(setting)];
  const [file = '', ...args] = words;
  const { stdout } = await promisify(execFile)(file, args, { env: { ...process.env, HOME: '/', ...env } });
  const answers = JSON.parse(stdout) as Answer[];
  for (const { why, thrown } of answers) {
    // What the cage would be called is known only once it is made.
    if (thrown !== null) thrown.message = thrown.message.replace(/\/memcage-\d+-[0-9a-f]+\/\d+/, '');
    expect(why).toEqual(thrown);
  }
  return answers;
}

const codes = (answers: Answer[]): (string | null)[] => answers.map(({ thrown }) => thrown?.code ?? null);

/** In a mount namespace of its own, after this command. */
const mounted = (command: string): string[] => [
  ...['unshare', '--mount', '--propagation=private', 'sh', '-c', `${command} && exec "$@"`, 'sh'],
];

const masked = (syscall: string, errno: number): FaultRule => ({ syscall, errno });
/** As container engines refuse clone(2) with any of these flags; the mask has them all. */
const withNamespace = (flag: number): FaultRule => ({
  syscall: 'clone',
  errno: EPERM,
  argument: 0,
  mask: flag,
  value: flag,
});
const NEWPID = 0x20000000;
const NEWUSER = 0x10000000;

describe('options', () => {
  const memory = '30M';
  testRows<[unknown, ErrorCode]>(
    'that are wrong are errors of the call, as they are of a start',
    [
      [{ namespace: {} }, 'ERR_MEMCAGE_UNKNOWN_OPTION'],
      [{ namespaces: { pids: true } }, 'ERR_MEMCAGE_UNKNOWN_OPTION'],
      [{ memory: '1Q' }, 'ERR_MEMCAGE_INVALID_SIZE'],
      [null, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
      [5, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
      [{ namespaces: 'pid' }, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
      [{ namespaces: { pid: 1 } }, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
      [{ memory, parent: 7 }, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
      [{ memory, parent: 'a/../b' }, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
      [{ parent: '/' }, 'ERR_MEMCAGE_INVALID_ARGUMENT'],
    ],
    ([wrong, code]) => {
      expect(() => whyUnsupported(wrong as Question)).toThrow(expect.objectContaining({ code }));
    },
  );

  test('that ask for nothing of memcage need nothing', () => {
    expect(whyUnsupported({})).toBeNull();
  });
});

const isSideController = (name: string): boolean => ['pids', 'cpu', 'cpuset'].includes(name);

function turn(path: string, sign: '+' | '-', controllers: readonly string[]): void {
  for (const name of controllers) {
    try {
      write(path, 'cgroup.subtree_control', sign + name);
    } catch {
      // The cages of an earlier test file have used it.
    }
  }
}

describeIf(['cgroup', 'root'], 'what is foreseen is what a start does', () => {
  expectNothingLeft(() => run('true', { memory: '10M' }));

  test('where everything works', async () => {
    const each = Object.keys(NAMESPACE_FILES).map((kind) => ({ namespaces: { [kind]: true } }));
    const limits = [{ pids: 9 }, { cpu: { max: 1, set: '0' } }, { cpuTimeMs: 60_000 }];
    const privileges = { capabilities: [], seccomp: 'default' } as const;
    const questions = [
      {},
      ...each,
      { namespaces: { pid: { init: true }, uts: { hostname: 'a' } } },
      ...limits,
      { privileges },
    ];
    expect(codes(await ask({ questions }))).toEqual(questions.map(() => null));
  });

  test('in a cgroup of its own, which on v2 has to be made ready first', async () => {
    const home = makeCgroup();
    try {
      const through = ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', home.path];
      expect(codes(await ask({ questions: [{}, { namespaces: { pid: true } }], through }))).toEqual([null, null]);
    } finally {
      home.remove();
    }
  });

  describeIf('v1', 'controllers beside memory', () => {
    // Before the first cage, and after.
    const questions = [{ pids: 9 }, {}, { pids: 9 }, { cpu: 1 }];
    const expected = ['ERR_MEMCAGE_NO_CONTROLLER', null, 'ERR_MEMCAGE_NO_CONTROLLER', null];

    test('of which one is not mounted', async () => {
      const answers = await ask({ questions, through: mounted(`umount --lazy ${mountPoint('pids')}`) });
      expect(codes(answers)).toEqual(expected);
      expect(answers[0]?.why?.cure).toMatch(/^mount it as root/);
    });

    test('of which one is mounted read-only', async () => {
      const answers = await ask({ questions, through: mounted(`mount -o remount,bind,ro ${mountPoint('pids')}`) });
      expect(codes(answers)).toEqual(expected);
      expect(answers[0]?.why?.cure).toMatch(/^mount it writable/);
    });

    test('of a user who has only that of memory', async () => {
      const parent = makeCgroup();
      try {
        const through = delegate(parent.path, NOBODY);
        const env = { MEMCAGE_PARENT: parent.path };
        const answers = await ask({ questions: [...questions, { cpu: { set: '0' } }], through, env });
        const lacking = 'ERR_MEMCAGE_NO_CONTROLLER';
        expect(codes(answers)).toEqual([lacking, null, lacking, lacking, lacking]);
        expect(answers[0]?.why?.message).toContain('this process may not make a cgroup of the v1 controller pids in');
      } finally {
        parent.remove();
      }
    });
  });

  describeIf('v2', 'controllers beside memory', () => {
    test('of which one was not delegated', async () => {
      const parent = makeCgroup();
      const [place, home] = [join(parent.path, 'place'), join(parent.path, 'home')];
      await promisify(execFile)('mkdir', [place, home]);
      write(parent.path, 'cgroup.subtree_control', '+memory +cpu');
      const questions = [{ pids: 9 }, {}, { pids: 9 }, { cpu: 1 }];
      const expected = ['ERR_MEMCAGE_NO_CONTROLLER', null, 'ERR_MEMCAGE_NO_CONTROLLER', null];
      try {
        const named = questions.map((each) => ({ ...each, parent: place }));
        expect(codes(await ask({ questions: named }))).toEqual(expected);
        // It has to be made ready first.
        const through = ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', home];
        expect(codes(await ask({ questions, through }))).toEqual(expected);
      } finally {
        parent.remove();
      }
    });
  });

  test('privileges that this process can not leave a child', async () => {
    const questions = [{ privileges: { capabilities: ['kill'] } }, { privileges: { capabilities: ['net_raw'] } }];
    const answers = await ask({ questions, through: ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw'] });
    expect(codes(answers)).toEqual([null, 'ERR_MEMCAGE_SETTING']);
  });

  describeIf('v1', 'for a user without rights', () => {
    test('the error has the cure of memcage doctor, which is one', async () => {
      const [answer] = await ask({ through: AS_NOBODY });
      expect(answer?.why).toMatchObject({ code: 'ERR_MEMCAGE_NO_PERMISSION', path: cgroupOf('self') });
      const [, command = '', place = ''] =
        /^let root run "(.*)", and start this program with MEMCAGE_PARENT=(.*)$/.exec(answer?.why?.cure ?? '') ?? [];
      expect(answer?.why?.message).toContain(`. Cure: ${answer?.why?.cure}`);
      await promisify(execFile)('sh', ['-c', command]);
      try {
        expect(codes(await ask({ through: AS_NOBODY, env: { MEMCAGE_PARENT: place } }))).toEqual([null]);
      } finally {
        await promisify(execFile)('rmdir', [place]);
      }
    });
  });

  describeIf('v2', 'for a user without rights', () => {
    test('who is not within the cgroup that was delegated', async () => {
      const parent = makeCgroup();
      delegate(parent.path, NOBODY);
      try {
        const answers = await ask({ through: AS_NOBODY, env: { MEMCAGE_PARENT: parent.path } });
        expect(codes(answers)).toEqual(['ERR_MEMCAGE_NO_PERMISSION']);
        expect(answers[0]?.why?.message).toMatch(/may not put a process into/);
      } finally {
        parent.remove();
      }
    });

    test('every place is named', async () => {
      const [answer] = await ask({ through: AS_NOBODY });
      expect(answer?.why?.code).toBe('ERR_MEMCAGE_NO_PARENT');
      expect(answer?.why?.candidates?.length).toBeGreaterThan(1);
    });

    test('a parent with processes, or without the controller', async () => {
      const parent = makeCgroup();
      const inner = join(parent.path, 'inner');
      await promisify(execFile)('mkdir', [inner]);
      const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
      write(parent.path, 'cgroup.procs', String(sleeper.pid));
      try {
        const questions = [{ parent: parent.path }, { parent: inner }];
        const answers = await ask({ questions });
        expect(codes(answers)).toEqual(['ERR_MEMCAGE_NO_PARENT', 'ERR_MEMCAGE_NO_PARENT']);
        expect(answers.map(({ why }) => why?.candidates)).toEqual([
          [
            {
              source: 'option',
              path: parent.path,
              refusal: expect.stringMatching(/^it has processes of its own/),
              cure: null,
            },
          ],
          [{ source: 'option', path: inner, refusal: 'the memory controller is not delegated to it', cure: null }],
        ]);
      } finally {
        sleeper.kill('SIGKILL');
        await once(sleeper, 'exit');
        parent.remove();
      }
    });
  });

  describeIf('unmanaged-v2', 'for a user without rights, where nobody manages the hierarchy', () => {
    test('the cure is one, also for limits of other controllers than memory', async () => {
      const root = mountPoint('memory');
      const place = join(root, 'cages-65534');
      const others = read(root, 'cgroup.subtree_control').split(' ').filter(isSideController);
      turn(root, '-', others);
      try {
        const [answer] = await ask({ through: AS_NOBODY });
        const cure = answer?.why?.candidates?.at(-1)?.cure ?? '';
        const [, command = ''] = /^let root run "(.*)", with the pid of the shell that/.exec(cure) ?? [];
        const limits = { memory: '30M', pids: 9, cpu: { max: 0.5 } };
        const script = `require('memcage').run('true', [], ${JSON.stringify(limits)}).catch(console.log)`;
        const inPlace = ['-c', `${command.replace('PID', () => '$$')} && exec "$@"`, 'sh', ...AS_NOBODY];
        const args = [...inPlace, process.execPath, '-e', script];
        const said = await promisify(execFile)('sh', args, { cwd: ROOT, env: { ...process.env, HOME: '/' } });
        expect(said).toMatchObject({ stdout: '', stderr: '' });
      } finally {
        turn(root, '+', others);
        await until('all have left', () => !existsSync(place) || members(place).length === 0);
        removeTree(place);
      }
    });
  });

  test('a read-only mount: the cure works, also for the process that asked before', async () => {
    const at = mountPoint('memory');
    const answers = await ask({
      through: mounted(`mount -o remount,bind,ro ${at}`),
      setting: { cure: true },
    });
    expect(codes(answers)).toEqual([version === 1 ? 'ERR_MEMCAGE_NO_PERMISSION' : 'ERR_MEMCAGE_NO_PARENT', null]);
    expect(answers[0]?.why?.message).toContain(`let root run "mount -o remount,bind,rw ${at}"`);
  });

  test('the effective user counts, as it does for the kernel', async () => {
    expect(codes(await ask({ through: ['setpriv', '--ruid=65534'] }))).toEqual([null]);
    const [code] = codes(await ask({ setting: { euid: 65534 } }));
    expect(code).toMatch(/^ERR_MEMCAGE_NO_(PERMISSION|PARENT)$/);
  });

  test('no cgroups to be seen', async () => {
    const answers = await ask({ through: mounted('umount --recursive --lazy /sys/fs/cgroup') });
    expect(codes(answers)).toEqual(['ERR_MEMCAGE_UNSUPPORTED']);
  });

  test('a parent that does not exist, or is none', async () => {
    const none = `${cgroupOf('self')}/cgroup.procs`;
    const questions = [{ parent: '/no/such/cgroup' }, { parent: none }];
    const answers = await ask({ questions });
    expect(codes(answers)).toEqual(['ERR_MEMCAGE_NO_PARENT', 'ERR_MEMCAGE_NO_PARENT']);
    const path = `${mountPoint('memory')}/no/such/cgroup`;
    expect(answers.map(({ why }) => why?.candidates)).toEqual([
      [{ source: 'option', path, refusal: 'there is no such cgroup', cure: `mkdir -p ${path}` }],
      [{ source: 'option', path: none, refusal: 'it is no directory', cure: null }],
    ]);
    const [answer] = await ask({ env: { MEMCAGE_PARENT: '/no/such/cgroup' } });
    const cure = 'make it, or unset MEMCAGE_PARENT';
    expect(answer?.why).toMatchObject({ code: 'ERR_MEMCAGE_NO_PARENT', cure });
    expect(answer?.why?.candidates).toEqual([
      { source: 'environment', path, refusal: 'there is no such cgroup', cure },
    ]);
  });

  describe('a package', () => {
    let copy: string;
    beforeEach(() => {
      copy = copyPackage();
    });
    afterEach(() => rmSync(copy, { recursive: true }));

    test('without a binary, with one that does not load, and where none may be loaded', async () => {
      const setting = { copy };
      expect(codes(await ask({ setting }))).toEqual(['ERR_MEMCAGE_UNSUPPORTED']);
      addFile(copy, `${BUILT}/memcage.node`, 'no binary');
      expect(codes(await ask({ setting }))).toEqual(['ERR_MEMCAGE_UNSUPPORTED']);
      expect(codes(await ask({ node: ['--no-addons'] }))).toEqual(['ERR_MEMCAGE_UNSUPPORTED']);
    });

    test('without memcage-exec, which the guardian and an init are', async () => {
      addBuilt(copy, 'memcage.node');
      const questions = [{}, { namespaces: { pid: { init: true } } }];
      const setting = { copy };
      expect(codes(await ask({ questions, setting }))).toEqual(['ERR_MEMCAGE_GUARDIAN', 'ERR_MEMCAGE_GUARDIAN']);
      const env = { MEMCAGE_GUARDIAN: '0' };
      expect(codes(await ask({ questions, setting, env }))).toEqual([null, 'ERR_MEMCAGE_UNSUPPORTED']);
    });
  });

  describeIf('userns', 'where namespaces are limited', () => {
    testRows('to none of a kind', drawn(Object.entries(NAMESPACE_FILES), 2, 'limits'), async ([kind, file]) => {
      const limit = `/proc/sys/user/max_${file}_namespaces`;
      const through = ['unshare', '--map-root-user', 'sh', '-c', `echo 0 >${limit} && exec "$@"`, 'sh'];
      const questions = [{}, { namespaces: { [kind]: true } }];
      const answers = await ask({ questions, through });
      expect(codes(answers)).toEqual([null, 'ERR_MEMCAGE_NAMESPACE_LIMIT']);
      expect(answers[1]?.why?.message).toContain(`${limit} is 0`);
    });

    test('by a chroot', async () => {
      const directory = temporaryDirectory();
      try {
        const through = inChroot(directory, ROOT);
        const questions = [{}, { namespaces: { pid: true } }, { root: {} }, { namespaces: { user: true } }];
        expect(codes(await ask({ questions, through }))).toEqual([null, null, null, 'ERR_MEMCAGE_USER_NAMESPACE']);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  });

  describe('for a user with a delegated cgroup', () => {
    let parent: { path: string; remove(): void };
    let through: readonly string[];
    let env: Record<string, string>;
    beforeEach(() => {
      parent = makeCgroup();
      through = delegate(parent.path, NOBODY);
      env = { MEMCAGE_PARENT: parent.path };
    });
    afterEach(() => parent.remove());

    test('who wants namespaces, but no user namespace', async () => {
      const questions = [{}, { namespaces: { pid: true, user: false } }, { namespaces: { cgroup: true, user: false } }];
      expect(codes(await ask({ questions, through, env }))).toEqual([
        null,
        'ERR_MEMCAGE_NAMESPACE',
        'ERR_MEMCAGE_NAMESPACE',
      ]);
    });

    test('who wants a filter, but not what makes it safe', async () => {
      const filter = { seccomp: 'default' } as const;
      const questions = [{ privileges: filter }, { privileges: { ...filter, noNewPrivileges: false } }];
      const answers = await ask({ questions, through, env });
      expect(codes(answers)).toEqual([null, 'ERR_MEMCAGE_SETTING']);
      expect(answers[1]?.why?.message).toContain('only CAP_SYS_ADMIN may install a filter');
    });

    describeIf('unprivileged-userns', 'who may make user namespaces', () => {
      test('but is in one that has no number for them', async () => {
        const questions = [{}, { namespaces: { pid: true } }];
        const answers = await ask({ questions, through: [...through, 'unshare', '--user'], env });
        expect(codes(answers).at(1)).toBe('ERR_MEMCAGE_USER_NAMESPACE');
      });
    });

    describeIf(['v1', 'userns'], 'who has changed to that user', () => {
      test('it may have them all the same', async () => {
        const questions = [{}, { namespaces: { pid: true } }];
        const answers = await ask({ questions, env, setting: { uid: NOBODY.uid } });
        expect(codes(answers)).toEqual([null, null]);
      });
    });
  });

  describeIf('seccomp', 'where a seccomp filter refuses', () => {
    const pid = { namespaces: { pid: true } };
    const user = { namespaces: { user: true } };
    const time = { namespaces: { time: true } };
    const cgroup = { namespaces: { cgroup: true } };
    const none = masked('clone3', ENOSYS);
    testRows<[string, FaultRule[], Question, ErrorCode | null]>(
      'what a start needs',
      [
        ['a kind', [none, withNamespace(NEWPID)], pid, 'ERR_MEMCAGE_NAMESPACE'],
        ['another kind', [none, withNamespace(NEWPID)], { namespaces: { uts: true } }, null],
        ['a user namespace', [none, withNamespace(NEWUSER)], user, 'ERR_MEMCAGE_USER_NAMESPACE'],
        ['clone3, which clone replaces', [none], pid, null],
        ['clone3, which clone does not replace', [none], time, 'ERR_MEMCAGE_UNSUPPORTED'],
        ['unshare', [masked('unshare', EPERM)], cgroup, 'ERR_MEMCAGE_NAMESPACE'],
        ['unshare, which nothing needs', [masked('unshare', EPERM)], pid, null],
      ],
      async ([, rules, question, code]) => {
        // The guardian is started by clone as well.
        const answers = await ask({ questions: [question], env: { MEMCAGE_GUARDIAN: '0' }, setting: { rules } });
        expect(codes(answers)).toEqual([code]);
      },
    );
  });

  test('within contain() the cage around is the place', async () => {
    const cage = createCage({ memory: '30M' });
    process.env['MEMCAGE_PARENT'] = '/no/such/cgroup';
    try {
      const memory = '10M';
      const missing = { code: 'ERR_MEMCAGE_NO_PARENT' };
      expect(whyUnsupported()).toMatchObject(missing);
      expect(cage.contain(() => whyUnsupported())).toBeNull();
      expect(cage.contain(() => whyUnsupported({ memory, pids: 9, cpu: 1 }))).toBeNull();
      expect(whyUnsupported({ cage })).toBeNull();
      expect(cage.contain(() => whyUnsupported({ memory, parent: '/no/such/cgroup' }))).toMatchObject(missing);
      await cage.close();
      expect(whyUnsupported({ cage })).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    } finally {
      delete process.env['MEMCAGE_PARENT'];
      await cage.close();
    }
  });

  test('asking changes nothing', async () => {
    const home = makeCgroup();
    const fixture = join(__dirname, '../../../fixtures/start/api/asking.js');
    const script = `echo 0 >"${home.path}/cgroup.procs" && exec "$@"`;
    try {
      const { stdout } = await promisify(execFile)('sh', ['-c', script, 'sh', process.execPath, fixture]);
      const { before, answers, after, started } = JSON.parse(stdout) as Record<string, unknown>;
      expect(answers).toEqual([true, true, true, false, version === 1]);
      expect(after).toEqual(before);
      // A start does change what is looked at.
      expect(started).toMatchObject({ children: expect.stringMatching(/\d/) as string });
      expect(started).not.toEqual(before);
    } finally {
      home.remove();
    }
  });
});
