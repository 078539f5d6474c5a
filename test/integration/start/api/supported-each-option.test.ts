import { tmpdir } from 'node:os';
import {
  type CageOptions,
  type CpuLimits,
  createCage,
  MemcageError,
  type MemoryLimits,
  type NamespaceOptions,
  type PrivilegeOptions,
  type ResourceLimits,
  type RootOptions,
  run,
  type SharedCage,
  spawn,
  whyUnsupported,
} from 'memcage';
import { mountPoint, version } from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf, has } from '../../../support/require';

jest.setTimeout(patience(60_000));

/** Values of each option of a group: one that is left out here does not compile. */
type Values<T> = { readonly [K in keyof Required<T>]: readonly Required<T>[K][] };
type Question = Omit<CageOptions, 'parent'> & { parent?: string };

const EVIDENCE = tmpdir();
const ROOM = 10 * 2 ** 20;

const MEMORY: Values<MemoryLimits> = {
  max: ['10M', 'max'],
  swap: [0, '1M', 'max'],
  swapHigh: ['1M', 'max'],
  zswap: [0, 'max'],
  high: ['9M', 'max'],
  low: [0, '1M'],
  min: [0, '1M'],
  // That a kernel ignores it shows only when it is set.
  soft: has('no-soft-limit') ? ['max'] : ['9M', 'max'],
  swappiness: [0, 60, 200],
  oomGroup: [true, false],
  oomKill: [true, false],
};

const CPU: Values<CpuLimits> = { max: [0.5, 1000, 'max'], weight: [1, 10_000], set: ['0', '0-4000', '4000'] };

const RLIMITS: Values<ResourceLimits> = {
  as: ['10G', 'max'],
  core: [0, 'max'],
  cpu: [0, 'max'],
  data: ['10G', 'max'],
  fsize: [0, 'max'],
  locks: [9, 'max'],
  memlock: [0, 'max'],
  msgqueue: [0, 'max'],
  nice: [0, 40],
  nofile: [64, 4_000_000_000, 'max', { soft: 0, hard: 9 }],
  nproc: [100_000, 'max'],
  rss: [0, 'max'],
  rtprio: [0, 99],
  rttime: [1_000_000, 'max'],
  sigpending: [9, 'max'],
  stack: ['8M', 'max'],
};

const PRIVILEGES: Values<PrivilegeOptions> = {
  noNewPrivileges: [true, false],
  capabilities: [[], ['kill'], ['sys_admin'], ['sys_time']],
  seccomp: ['default'],
};

const NAMESPACES: Values<NamespaceOptions> = {
  uts: [true, { hostname: 'a' }],
  mount: [true],
  pid: [true, { init: true }],
  ipc: [true],
  net: [true],
  cgroup: [true],
  time: [true],
  user: [true, false, { uid: 0, gid: 0 }, { uid: 7 }, { subordinate: true }],
};

const ROOT: Values<RootOptions> = {
  path: ['/', '/no/such/directory', '/etc/passwd', '/usr'],
  readOnly: [true, false],
  binds: [
    [{ source: '/usr', target: '/mnt', readOnly: true }],
    [{ source: '/no/such', target: '/mnt' }],
    [{ source: '/usr', target: '/no/such' }],
  ],
  tmpfs: [['/tmp'], ['/no/such'], ['/tmp', '/tmp/made']],
  hide: [['/home'], ['/no/such']],
};

function each<T>(values: Values<T>, inOptions: (one: Partial<T>) => Question): Question[] {
  const names = Object.keys(values) as (keyof T)[];
  return names.flatMap((name) => values[name].map((value) => inOptions({ [name]: value } as unknown as Partial<T>)));
}

/** What each needs beside it. */
const OPTIONS: Record<keyof CageOptions, Question[]> = {
  memory: each(MEMORY, (one) => ({ memory: { max: ROOM, ...one } })),
  pids: [{ pids: 1 }, { pids: 'max' }, { pids: 1, namespaces: { pid: { init: true } } }],
  cpu: each(CPU, (cpu) => ({ cpu })),
  cpuTimeMs: [{ cpuTimeMs: 60_000 }],
  stall: [{ stall: {} }, { stall: { action: 'event' } }],
  thresholds: [{ memory: ROOM, thresholds: ['50%', '1M'] }],
  cage: [],
  parent: [
    { memory: ROOM, parent: mountPoint('memory') },
    { memory: ROOM, parent: '/no/such/cgroup' },
  ],
  keepDescendants: [{ memory: ROOM, keepDescendants: true }],
  enforce: [{ memory: ROOM, enforce: 'kernel' }],
  nodeHeap: [{ nodeHeap: '9M' }, { memory: ROOM, nodeHeap: 'auto' }, { memory: ROOM, nodeHeap: false }],
  memoryDetails: [{ memory: ROOM, memoryDetails: true }],
  evidence: [
    { memory: ROOM, evidence: { dir: EVIDENCE } },
    { memory: ROOM, evidence: { dir: EVIDENCE, heapSnapshot: true, extra: '64M' } },
  ],
  ipcHandles: [{ memory: ROOM, ipcHandles: false }],
  namespaces: each(NAMESPACES, (namespaces) => ({ namespaces })),
  untrusted: [
    { untrusted: true, memory: '64M' },
    { untrusted: true, memory: '64M', namespaces: { net: false } },
    { untrusted: false },
  ],
  root: each(ROOT, (root) => ({ root })),
  rlimits: each(RLIMITS, (rlimits) => ({ rlimits })),
  oomScoreAdj: [{ oomScoreAdj: 1000 }],
  nice: [{ nice: 19 }, { nice: -20 }, { nice: -20, rlimits: { nice: 1 } }],
  privileges: each(PRIVILEGES, (privileges) => ({ privileges })),
};
const QUESTIONS = Object.values(OPTIONS).flat();

/** The code of the error, and its name if it says nothing of the machine. */
function answer(call: () => MemcageError | null): string | null {
  try {
    return call()?.code ?? null;
  } catch (error) {
    const { name, code } = error as Error & { code: string };
    return error instanceof MemcageError ? code : `${name} ${code}`;
  }
}

/** What is foreseen, and what a start does. Both name the options that they are about. */
async function compare(questions: readonly Question[]): Promise<{ foreseen: string[]; done: string[] }> {
  const [foreseen, done]: [string[], string[]] = [[], []];
  const ends: Promise<unknown>[] = [];
  for (const question of questions) {
    const { cage, ...told } = question;
    const text = `${cage === undefined ? '' : 'in a cage '}${JSON.stringify(told)}`;
    foreseen.push(`${text} ${answer(() => whyUnsupported(question))}`);
    const start = (): null => {
      const options = { ...question, cwd: '/', stdio: 'ignore' as const };
      ends.push(spawn('true', [], options).on('error', () => {}).outcome);
      return null;
    };
    done.push(`${text} ${answer(start)}`);
  }
  await Promise.all(ends);
  return { foreseen, done };
}

describeIf(['cgroup', 'root'], 'each option, alone', () => {
  expectNothingLeft(() => run('true', { memory: '10M', cpuTimeMs: 60_000, stall: {} }));

  test('is foreseen as a start takes or refuses it', async () => {
    const { foreseen, done } = await compare(QUESTIONS);
    expect(foreseen).toEqual(done);
    const other = version === 1 ? '"oomGroup":true' : '"oomKill":false';
    expect(done.find((line) => line.includes(other))).toContain('ERR_MEMCAGE_NOT_IN_VERSION');
  });

  test('is foreseen so in a shared cage too', async () => {
    await using cage: SharedCage = createCage({
      memory: '64M',
      pids: 64,
      cpu: { set: '0' },
      perChild: { memory: { swap: 0 }, pids: 32 },
    });
    const alone = QUESTIONS.filter((question) => !('parent' in question || 'enforce' in question));
    const { foreseen, done } = await compare(alone.map((question) => ({ ...question, cage })));
    expect(foreseen).toEqual(done);
    expect(done.filter((line) => line.includes('TypeError'))).toEqual([]);
  });

  test('and a shared cage that starts nothing now', async () => {
    await using frozen = createCage({ memory: '10M' });
    await frozen.cgroup.freeze();
    await using spent = createCage({ cpuTimeMs: 1 });
    await spent.run('sh', ['-c', 'while :; do :; done'], { reject: false });
    const { foreseen, done } = await compare([{ cage: frozen }, { cage: spent }]);
    expect(foreseen).toEqual(done);
    expect(done.map((line) => line.split(' ').at(-1))).toEqual(['ERR_MEMCAGE_FROZEN', 'ERR_MEMCAGE_CPU_TIME']);
    await frozen.cgroup.thaw();
  });
});
