import { tmpdir } from 'node:os';
import { Cgroup } from 'memcage/cgroup';
import { answersOf } from '../../support/cgroups/read-only-cgroups';
import { type OptionRow, optionTable } from '../../support/docs/option-table';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const ofMemory = (name: string, value: unknown): [string, object] => [
  `memory.${name}`,
  { memory: { max: '64M', [name]: value } },
];

/** Each that something must be done for. */
const GIVEN: Record<string, object> = {
  memory: { memory: '64M' },
  'memory.max': { memory: { max: '64M' } },
  ...Object.fromEntries([
    ofMemory('swap', '10M'),
    ofMemory('swapHigh', '10M'),
    ofMemory('zswap', '10M'),
    ofMemory('high', '60M'),
    ofMemory('low', '1M'),
    ofMemory('min', '1M'),
    ofMemory('soft', '60M'),
    ofMemory('swappiness', 10),
    ofMemory('oomGroup', true),
    ofMemory('oomKill', false),
  ]),
  pids: { pids: 10 },
  cpu: { cpu: 1 },
  'cpu.max': { cpu: { max: 1 } },
  'cpu.weight': { cpu: { weight: 50 } },
  'cpu.set': { cpu: { set: '0' } },
  cpuTimeMs: { cpuTimeMs: 60_000 },
  stall: { stall: {} },
  'stall.limitMs': { stall: { limitMs: 60_000 } },
  'stall.action': { stall: { action: 'event' } },
  evidence: { evidence: { dir: tmpdir() } },
  'evidence.dir': { evidence: { dir: tmpdir() } },
  'evidence.at': { evidence: { dir: tmpdir(), at: '90%' } },
  'evidence.heapSnapshot': { evidence: { dir: tmpdir(), heapSnapshot: true, extra: '64M' } },
  'evidence.extra': { evidence: { dir: tmpdir(), heapSnapshot: true, extra: '64M' } },
  perChild: { perChild: { memory: '60M' } },
  thresholds: { thresholds: ['90%'] },
  keepDescendants: { keepDescendants: true },
  memoryDetails: { memoryDetails: true },
  input: { input: '' },
  encoding: { encoding: 'buffer' },
  maxBuffer: { maxBuffer: 1024 },
  reject: { reject: false },
  nodeHeap: { nodeHeap: '32M' },
  ipcHandles: { ipcHandles: false },
  oomScoreAdj: { oomScoreAdj: 500 },
  nice: { nice: 5 },
  rlimits: { rlimits: { core: 0 } },
  privileges: { privileges: { noNewPrivileges: true } },
  namespaces: { namespaces: { uts: true } },
  root: { root: { hide: ['/nowhere'] } },
};
/** Not all of one start, or, as `untrusted`, at odds with `enforce`. */
const ELSEWHERE = ['cage', 'parent', 'enforce', 'threads', 'untrusted'];

const rows = optionTable();
const TABLES = ['Limits', 'Cage and outcome', 'Settings of the child', 'Privileges', 'Namespaces', 'Files'];
/** Options within a setting are held as it is. */
const WITHIN = /^(rlimits|privileges|namespaces|root)\./;
const tested = rows.filter(
  ({ table, path }) => TABLES.includes(table) && !WITHIN.test(path) && !ELSEWHERE.includes(path),
);

async function answersTo(readOnly: boolean): Promise<(OptionRow & { answer: string })[]> {
  const { answers } = await answersOf<{ answers: Record<string, string> }>('each-option.js', JSON.stringify(GIVEN), {
    readOnly,
  });
  return tested.map((row) => ({ ...row, answer: answers[row.path] ?? 'none' }));
}

describeIf(['linux', 'root', 'cgroup'], 'docs/reference/options.md', () => {
  test('has a value here for each option of a start', () => {
    expect(Object.keys(GIVEN).sort()).toEqual(tested.map(({ path }) => path).sort());
  });

  test('says what this version of cgroups holds', async () => {
    const column = Cgroup.self().version === 1 ? 'v1' : 'v2';
    const wrong = (await answersTo(false)).filter(
      ({ answer, ...row }) => (answer === 'ERR_MEMCAGE_NOT_IN_VERSION') !== (row[column] === '✗'),
    );
    expect(wrong).toEqual([]);
  });

  test('says what a polled cage can have', async () => {
    // Those of the value above.
    const held = ['✓', '`null`'];
    const isHeld = ({ path, polled }: OptionRow) => held.includes(polled) || path === 'memory.oomGroup';
    const wrong = (await answersTo(true)).filter(
      ({ answer, ...row }) => answer !== (isHeld(row) ? 'polled' : 'ERR_MEMCAGE_UNSUPPORTED'),
    );
    expect(wrong).toEqual([]);
  });
});
