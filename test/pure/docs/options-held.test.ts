import type * as CageRoots from '../../../lib/cage/root/cage-roots';
import { planControllers } from '../../../lib/cgroup/controllers/controller-plan';
import { checkTrigger } from '../../../lib/cgroup/events/trigger-options';
import type { CgroupVersion } from '../../../lib/cgroup/files/formats';
import type { InterfaceFile } from '../../../lib/cgroup/files/interface-file';
import { INTERFACE_FILES } from '../../../lib/cgroup/files/interface-files';
import { ROLES } from '../../../lib/cgroup/files/memory-roles';
import { hasRole, type MemoryRole } from '../../../lib/cgroup/files/roles';
import type { ResolvedLimits } from '../../../lib/cgroup/limits/cage-limits';
import { planLimits } from '../../../lib/cgroup/limits/limit-plan';
import { resolveCageLimits } from '../../../lib/cgroup/limits/resolve-limits';
import { ErrorCode, MemcageError } from '../../../lib/common/errors/errors';
import { createBudget } from '../../../lib/index';
import { KernelFirst } from '../../../lib/start/request/enforcement';
import { optionTable } from '../../support/docs/option-table';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

jest.mock('../../../lib/cage/root/cage-roots', () => ({
  ...jest.requireActual<typeof CageRoots>('../../../lib/cage/root/cage-roots'),
  whyNoCage: () => new MemcageError(ErrorCode.NO_PERMISSION, 'the kernel refuses'),
}));

const rows = optionTable();
const rowOf = (path: string) => {
  const row = rows.find((each) => each.path === path);
  if (row === undefined) throw new Error(`no row of ${path}`);
  return row;
};
const below = (path: string) => rows.filter((row) => row.path.startsWith(`${path}.`)).map((row) => row.path);

/** Limits of memory as they come out of the check, each one that the program must do something for. */
const MEMORY: Required<Omit<ResolvedLimits, 'max'>> = {
  swap: 0,
  swapHigh: 2 ** 20,
  zswap: 0,
  high: 2 ** 20,
  low: 2 ** 20,
  min: 2 ** 20,
  soft: 2 ** 20,
  swappiness: 10,
  oomGroup: true,
  oomKill: false,
};
type MemoryLimit = keyof typeof MEMORY;
const limits = Object.keys(MEMORY) as MemoryLimit[];
const CPU = { max: 1, weight: 50, set: '0' };

const mark = (isHeld: boolean): string => (isHeld ? '✓' : '✗');
const byVersion = (holds: (version: CgroupVersion) => boolean) => ({ v1: mark(holds(1)), v2: mark(holds(2)) });

function isInVersion(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.NOT_IN_VERSION) return false;
    throw error;
  }
}

/** What decides where an option is held, for each that is not held by both versions, and each limit. */
const HOLDS: Record<string, (version: CgroupVersion) => boolean> = {
  ...Object.fromEntries(
    limits.map((name) => [
      `memory.${name}`,
      (version: CgroupVersion) =>
        isInVersion(() => planLimits({ max: 2 ** 26, [name]: MEMORY[name] }, { version, swapAccounting: true })),
    ]),
  ),
  'memory.max': (version) => planLimits({ max: 2 ** 26 }, { version, swapAccounting: true }).writes.length > 0,
  pids: (version) => planControllers({ pids: 10 }, version).length === 1,
  ...Object.fromEntries(
    (['max', 'weight', 'set'] as const).map((name) => [
      `cpu.${name}`,
      (version: CgroupVersion) => planControllers({ cpu: { [name]: CPU[name] } }, version).length === 1,
    ]),
  ),
  local: (version) => hasRole('events', version),
  swappiness: (version) => hasRole('reclaim', version),
  thresholdMs: (version) => isInVersion(() => checkTrigger({ pressure: 'some', thresholdMs: 100 }, version, 4096)),
  windowMs: (version) =>
    isInVersion(() => checkTrigger({ pressure: 'some', thresholdMs: 100, windowMs: 1000 }, version, 4096)),
  mode: (version) => isInVersion(() => checkTrigger({ pressure: 'low', mode: 'local' }, version, 4096)),
  threshold: (version) => isInVersion(() => checkTrigger({ threshold: '1M' }, version, 4096)),
  of: (version) => isInVersion(() => checkTrigger({ threshold: '1M', of: 'memory' }, version, 4096)),
};

testRows('what a version of cgroups has not is what the program refuses there', Object.keys(HOLDS), (path) => {
  const { v1, v2 } = rowOf(path);
  expect({ v1, v2 }).toEqual(byVersion(HOLDS[path] ?? (() => false)));
});

test('both versions hold everything else', () => {
  const others = rows.filter(({ path, v1, v2 }) => !(path in HOLDS) && (v1 !== '✓' || v2 !== '✓'));
  // The kernel's part of it is memory.reclaim.
  expect(others.filter(({ v1, v2 }) => v1 !== '' || v2 !== '').map(({ path }) => path)).toEqual(['trim']);
  expect({ v1: rowOf('trim').v1, v2: rowOf('trim').v2 }).toEqual({ v1: 'partly', v2: '✓' });
  expect([...new Set(others.filter(({ v1, v2 }) => v1 === '' && v2 === '').map(({ table }) => table))]).toEqual([
    'Machine and metrics',
  ]);
});

/** Options of a cage, as a caller gives them, each one that the program must do something for. */
const GIVEN: Record<string, object> = {
  memory: { memory: '64M' },
  'memory.max': { memory: { max: '64M' } },
  ...Object.fromEntries(limits.map((name) => [`memory.${name}`, { memory: { max: '64M', [name]: MEMORY[name] } }])),
  pids: { pids: 10 },
  cpu: { cpu: 1 },
  ...Object.fromEntries(Object.entries(CPU).map(([name, value]) => [`cpu.${name}`, { cpu: { [name]: value } }])),
  cpuTimeMs: { cpuTimeMs: 1000 },
  stall: { stall: {} },
  'stall.limitMs': { stall: { limitMs: 1000 } },
  'stall.action': { stall: { action: 'event' } },
};

type Asked = Parameters<KernelFirst['make']>[1];
const NOTHING: Asked = { limits: { memory: {} }, thresholds: [], outlivesOwner: false };

function isPolled(asked: Partial<Asked>, parent?: string): boolean {
  const first = new KernelFirst({ outer: undefined, parent, accepted: 'polled' });
  const refuse = (): never => {
    throw new MemcageError(ErrorCode.NO_PERMISSION, 'the kernel refuses');
  };
  try {
    return first.make<boolean>(refuse, { ...NOTHING, ...asked }, () => true);
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_MEMCAGE_(UNSUPPORTED|NO_PERMISSION)$/) as string });
    return false;
  }
}

const limitsOf = (given: object) => resolveCageLimits(given, 'spawn') ?? NOTHING.limits;

test('what a polled cage can have is what the program lets it have', () => {
  const tested = rows.filter(({ table }) => table === 'Limits').map(({ path }) => path);
  expect(Object.keys(GIVEN).sort()).toEqual(
    tested.filter((path) => !/^(perChild|thresholds|evidence.*)$/.test(path)).sort(),
  );
  for (const [path, given] of Object.entries(GIVEN)) {
    const isHeld = isPolled({ limits: limitsOf(given) });
    const { polled } = rowOf(path);
    // The other value is what polling does anyway.
    if (polled === 'only `true`') {
      const name = path.slice('memory.'.length);
      const held = [true, false].map((value) =>
        isPolled({ limits: limitsOf({ memory: { max: '64M', [name]: value } }) }),
      );
      expect({ path, held }).toEqual({ path, held: [true, false] });
    } else expect({ path, polled }).toEqual({ path, polled: mark(isHeld) });
  }
  expect(rowOf('perChild').polled).toBe(mark(isPolled({ perChild: limitsOf({ pids: 10 }) })));
  expect(rowOf('thresholds').polled).toBe(mark(isPolled({ thresholds: [{ given: '80%', at: { percent: 80 } }] })));
  expect(rowOf('evidence').polled).toBe(mark(isPolled({ evidence: { dir: '/a', at: 0.95 } })));
  expect(rowOf('parent').polled).toBe(mark(isPolled({}, '/a')));
});

test('of everything else, a polled cage has all but what needs its cgroup', () => {
  const others = rows.filter(({ table, polled }) => !['Limits', 'Cgroups'].includes(table) && polled !== '✓');
  expect(others.filter(({ polled }) => polled !== '').map(({ path, polled }) => `${path}: ${polled}`)).toEqual([
    'parent: ✗',
    'memoryDetails: `null`',
    'untrusted: ✗',
    "admit: only `'limits'`",
    'trim: partly',
  ]);
  expect(rows.filter(({ table, polled }) => table === 'Cgroups' && polled !== '✗')).toEqual([]);
  expect(thrown(() => createBudget({ memory: '1G', admit: 'use', enforce: 'polled' })).message).toContain('admit');
});

testRows('what a limit needs of Linux is what its file needs', ['max', ...limits], (name) => {
  const files = Object.entries(ROLES[name as MemoryRole]) as [string, string][];
  const needs = files.flatMap(([version, file]) => {
    const { since, needs: more }: Partial<InterfaceFile> = INTERFACE_FILES[version === 'v1' ? 1 : 2][file] ?? {};
    return [isNewer(since) ? since : undefined, more].filter((each) => each !== undefined);
  });
  expect(rowOf(`memory.${name}`).linux).toBe(needs.join(', '));
});

/** Than the Linux that memcage needs. */
function isNewer(version = '0'): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 5 || (major === 5 && minor > 10);
}

test('every row within a limit is one of those above', () => {
  expect(below('memory').sort()).toEqual(['max', ...limits].map((name) => `memory.${name}`).sort());
  expect(below('cpu').sort()).toEqual(
    Object.keys(CPU)
      .map((name) => `cpu.${name}`)
      .sort(),
  );
});
