import { identifyGuarded, tellGuardian, unguard } from '../../../../lib/cgroup/processes/guardian';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

/** What the guardian that lives knows, and what is told once it ends. */
let known: string[];
let pid: number;
let mockEnd: () => void;
let mockOpen: (path: string) => void;
const mockKilled = jest.fn();

const mockNative = {
  startGuardian: () => null,
  guardianPid: () => pid,
  openGuardian: () => 90,
  openDirectory({ path }: { path: string }) {
    mockOpen(path);
    return 91;
  },
  guard: ({ name, kind }: { name: string; kind: string }) => void known.push(`${name} as ${kind}`),
  identifyGuarded: ({ name, fd }: { name: string; fd: number }) => void known.push(`${name} is ${fd}`),
  unguard: () => {},
  closeFd: () => {},
  monotonicNs: () => 1e9,
};

jest.mock('../../../../lib/common/addon/load-native', () => ({ loadNative: () => mockNative }));
jest.mock('../../../../lib/cgroup/ends/tell-guardian', () => ({
  keepNotes: () => {},
  noteGuardian: (_: unknown, killed: number) => mockKilled(killed),
}));
jest.mock('../../../../lib/process/launcher/executable', () => ({ findExecutable: () => '/memcage-exec' }));
jest.mock('../../../../lib/common/addon/watcher', () => ({
  watcher: () => ({
    event(_fd: number, _kind: string, onReady: () => void) {
      mockEnd = onReady;
      return () => {};
    },
  }),
}));

const ALL = ['a as owner', 'a is 7', 'b as detached', 'b is 8'];

function replaced(): void {
  known = [];
  pid += 1;
  mockEnd();
}

beforeEach(() => {
  known = [];
  pid = 1;
  mockOpen = () => {};
  tellGuardian(3, 'a', 'owner');
  identifyGuarded('a', 7);
  tellGuardian(3, 'b', 'detached');
  identifyGuarded('b', 8);
});
afterEach(() => {
  for (const name of ['a', 'b', 'c']) unguard(name, { end: false });
  jest.restoreAllMocks();
});

describe('a guardian that has taken the place of another', () => {
  test('is told that the other was killed, whoever has noticed that', () => {
    mockKilled.mockClear();
    replaced();
    pid += 1;
    tellGuardian(3, 'c', 'owner');
    expect(mockKilled.mock.calls).toEqual([[pid - 2], [pid - 1]]);
  });

  test('is told of all that there is', () => {
    replaced();
    expect(known).toEqual(ALL);
  });

  test('is not told of what is gone', () => {
    mockOpen = (path) => {
      if (path.includes('/7/')) throw refusal('ENOENT', 'open');
    };
    replaced();
    expect(known).toEqual(['b as detached', 'b is 8']);
  });

  test('is told of the rest with the next cage, if that was refused for want of fds', () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const failure = refusal('EMFILE', 'open');
    mockOpen = () => {
      throw failure;
    };
    replaced();
    expect(warned).toHaveBeenCalledWith(failure);
    expect(known).toEqual([]);
    mockOpen = () => {};
    tellGuardian(3, 'c', 'owner');
    expect(known).toEqual([...ALL, 'c as owner']);
  });
});
