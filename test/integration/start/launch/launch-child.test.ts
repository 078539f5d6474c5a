import { constants } from 'node:os';
import type * as Native from '../../../../lib/common/addon/load-native';
import type { MemcageError } from '../../../../lib/common/errors/errors';
import type { Program } from '../../../../lib/process/launch-contract';
import type { HeldChild } from '../../../../lib/start/child/held-child';
import type { KernelReport } from '../../../../lib/start/child/kernel-report';
import { createLaunch } from '../../../../lib/start/launch/launch-child';
import { Start } from '../../../../lib/start/launch/start';
import { NO_CAGE_OPTIONS } from '../../../../lib/start/request/cage-options';
import { requestOf } from '../../../../lib/start/request/start-request';
import type { NativeBinding, WatchEvent } from '../../../../types/native';
import type { NamespaceOptions } from '../../../../types/options';
import { openFdCount } from '../../../support/processes/fds';
import { until } from '../../../support/until';

const { EIO } = constants.errno;
const PIDFD = 1_000_000;

/** The addon, except for what a test has replaced. */
let mockNative: NativeBinding;

jest.mock('../../../../lib/common/addon/load-native', () => ({
  ...jest.requireActual<typeof Native>('../../../../lib/common/addon/load-native'),
  loadNative: () => mockNative,
}));

const real = jest.requireActual<typeof Native>('../../../../lib/common/addon/load-native').loadNative();
const refusal = Object.assign(new Error('test EIO'), { code: 'EIO', errno: -EIO, syscall: 'test' });
const refuse = (): never => {
  throw refusal;
};

/** What happened to the only child, in order. */
let calls: string[];
/** Sends events as the watcher would; a module has only one watcher. And the id by which it knows the child. */
let tell: (events: WatchEvent[]) => void;
let watched: number | undefined;

function useNative(replaced: Partial<NativeBinding>): void {
  const note = (name: string): void => void calls.push(name);
  mockNative = {
    ...real,
    startWatcher: ({ onEvents }) => {
      tell = onEvents;
    },
    watch: () => {
      watched = (watched ?? 0) + 1;
      note('watched');
      return watched;
    },
    clone: () => ({ pid: 1, pidfd: PIDFD }),
    unwatch: () => {},
    waitReadable: (options) => options.fd === PIDFD || real.waitReadable(options),
    pidfdSendSignal: () => note('killed'),
    reap: () => note('reaped'),
    closeFd: ({ fd }) => (fd === PIDFD ? note('closed') : real.closeFd({ fd })),
    ...replaced,
  };
}

const nothing: KernelReport = {
  oom: null,
  memory: { limitBytes: 0, peakBytes: null, swapLimited: true, details: null },
  limits: { pids: null, cpu: null, cpuTime: null },
};

function cagedWith(replaced: Partial<HeldChild> = {}): HeldChild {
  const cgroup = {
    takeJoinFds: () => ({ fds: { joinFds: [] }, close: () => {} }),
    endangersOwner: false,
    metered: { cpuTimeLimitMs: undefined, explainSpent: () => undefined },
    memory: { path: '/test' },
    exitCleanUp: { plan: undefined, handOver: () => {} },
  } as unknown as HeldChild['cgroup'];
  return {
    cgroup,
    ceilingBytes: 2 ** 20,
    seesLimit: true,
    environment: (env) => env,
    started: () => {},
    abandon() {
      calls.push('abandoned');
      return nothing;
    },
    ...replaced,
  } as Partial<HeldChild> as HeldChild;
}

const TRUE: Program = { file: 'true', args: ['true'], env: [], stdio: [], detached: false };

function launch({
  namespaces = {},
  caged = cagedWith(),
  onRefused = () => false,
  ...program
}: {
  namespaces?: NamespaceOptions;
  caged?: HeldChild;
  onRefused?: (error: Error) => boolean;
} & Partial<Program> = {}): ReturnType<ReturnType<typeof createLaunch>> {
  const start = new Start({ ...requestOf(NO_CAGE_OPTIONS), namespaces }, { turn: undefined, byNode: false });
  Object.assign(start, {
    hold: () => caged,
    refused: onRefused,
    failed: () => calls.push('failed'),
    ended: () => calls.push('ended'),
  });
  return createLaunch(start)({ ...TRUE, ...program }, () => {});
}

beforeEach(() => {
  calls = [];
  watched = undefined;
});

describe('a start that fails', () => {
  const namespaces: NamespaceOptions = { pid: { init: true } };

  test('in the clone gives back the fds of its init', () => {
    useNative({ clone: refuse });
    const before = openFdCount();
    expect(launch({ namespaces })).toMatchObject({ errno: -EIO, cause: { code: 'EIO' } });
    expect(openFdCount()).toBe(before);
    expect(calls).toEqual(['abandoned', 'failed']);
  });

  test('before its init has told how it went leaves no child', () => {
    useNative({ waitReadable: ({ fd }) => fd === PIDFD || refuse() });
    const before = openFdCount();
    expect(launch({ namespaces })).toMatchObject({ errno: -EIO, cause: { code: 'EIO' } });
    expect(openFdCount()).toBe(before);
    expect(calls).toEqual(['killed', 'reaped', 'closed', 'abandoned', 'failed']);
  });

  test('before the clone gives back its place', () => {
    useNative({});
    expect(() => launch({ file: 'node', env: null as unknown as string[] })).toThrow('null');
    expect(calls).toEqual(['abandoned', 'failed']);
  });

  test('in a way that can not be explained gives back its place', () => {
    // The kernel has no such errno, so it has no name.
    useNative({ clone: () => ({ stage: 'exec', errno: 1, path: '' }) });
    expect(() => launch()).toThrow('out of range');
    expect(calls).toEqual(['abandoned', 'failed']);
  });
});

describe('a cage that the kernel refuses when it is entered', () => {
  const refusals: string[] = [];
  const onRefused = (error: Error): boolean => refusals.push((error as MemcageError).code) === 1;
  const delegated = { stage: 'clone', errno: -constants.errno.EACCES, path: '' } as const;
  beforeEach(() => refusals.splice(0));

  test('gives its place to another kind, if there is one', () => {
    const results = [delegated, { pid: 1, pidfd: PIDFD }];
    useNative({ clone: () => results.shift() ?? refuse() });
    expect(launch({ onRefused })).toMatchObject({ pid: 1 });
    expect(refusals).toEqual(['ERR_MEMCAGE_NO_PERMISSION']);
    expect(calls).toEqual(['abandoned', 'watched']);
  });

  test('once', () => {
    useNative({ clone: () => delegated });
    expect(() => launch({ onRefused })).toThrow('may not put a process into');
    expect(refusals).toHaveLength(2);
    expect(calls).toEqual(['abandoned', 'abandoned', 'failed']);
  });

  test('is not tried again for an error that Node would report', () => {
    useNative({ clone: () => ({ stage: 'exec', errno: -constants.errno.ENOENT, path: '' }) });
    expect(launch({ onRefused })).toEqual({ errno: -constants.errno.ENOENT });
    expect(refusals).toEqual([]);
  });
});

describe('what its place notes once the child has reached its program', () => {
  const startingWith = (error: unknown): HeldChild =>
    cagedWith({
      started() {
        calls.push('started');
        if (error !== undefined) throw error;
      },
      ended: (_signal, _texts, done) => done(nothing),
    });

  /** Reports what the watcher found before it was told to leave the child alone, or even after that. */
  async function tellOfEnd(): Promise<void> {
    if (watched === undefined) return;
    const before = calls.length;
    const usage = { userUs: 0, systemUs: 0, minorFaults: 0, majorFaults: 0 };
    tell([{ kind: 'exit', id: watched, exitCode: 0, signal: null, usage, timeNs: 0, errno: 0 }]);
    // On a slow machine this happens in a later turn of the event loop.
    await until('told', () => calls.length > before);
  }

  test('comes before the watcher can remove the cgroup of a child that has ended', async () => {
    useNative({});
    launch({ caged: startingWith(undefined) });
    await tellOfEnd();
    expect(calls).toEqual(['started', 'watched', 'ended', 'closed']);
  });

  test('if that is refused, the child is ended, once', async () => {
    useNative({ waitReadable: () => calls.includes('killed') });
    expect(() => launch({ caged: startingWith(refusal) })).toThrow(refusal);
    await tellOfEnd();
    expect(calls).toEqual(['started', 'killed', 'reaped', 'closed', 'abandoned', 'failed']);
  });
});
