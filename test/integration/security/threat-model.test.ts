import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SpawnOptions } from 'memcage';
import { files, makeCgroup, mountPoint, tree, version } from '../../support/cgroups/cgroup-tree';
import { delegate } from '../../support/cgroups/delegate';
import { pageText } from '../../support/docs/doc-examples';
import { drawn } from '../../support/drawn';
import { patience } from '../../support/patience';
import { WITH_KEY } from '../../support/processes/session-key';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const PAGE = 'docs/reference/threat-model.md';
const COLUMNS = ['another user', 'the same user', 'root'] as const;
type Column = (typeof COLUMNS)[number];

const NOBODY = { uid: 65534, gid: 65534 };
const NAMESPACES = ['pid', 'mount', 'ipc', 'net', 'uts', 'time', 'cgroup', 'user'] as const;
/** The default filter. */
const FILTER = 'seccomp';
type Kind = (typeof NAMESPACES)[number] | typeof FILTER;
const KINDS: readonly Kind[] = [...NAMESPACES, FILTER];
const withoutUser = NAMESPACES.filter((kind) => kind !== 'user');
const SETS: readonly (readonly Kind[])[] = [...KINDS.map((kind) => [kind]), ['pid', 'mount'], withoutUser, NAMESPACES];
/** How many of them the gate draws, beside none. */
const SETS_DRAWN = 4;

const ROOTS = [...new Set((['memory', 'unified', 'freezer', 'pids'] as const).map(mountPoint))].filter(Boolean);
const INHERITABLE_FD = 40;

interface Row {
  attack: string;
  cells: Record<Column, string>;
}

/** The rows of all tables of the page with these columns. */
function rowsOfPage(): Row[] {
  const rows: Row[] = [];
  let isTable = false;
  for (const line of pageText(PAGE).split('\n')) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells[0] === 'attack') {
      expect(cells.slice(1)).toEqual(COLUMNS);
      isTable = true;
    } else if (cells.length === 0) {
      isTable = false;
    } else if (isTable && !/^-+$/.test(cells[0] ?? '')) {
      const [attack = '', ...rest] = cells;
      rows.push({ attack, cells: Object.fromEntries(COLUMNS.map((name, i) => [name, rest[i] ?? ''])) as Row['cells'] });
    }
  }
  return rows;
}

/** What a cell says of a set: `yes`, `no`, `not with any` (namespace), or ``not with `a`, or `b` and `c` ``. */
function claimed(cell: string, set: readonly Kind[]): string {
  if (cell === 'yes' || cell === 'no') return cell;
  const [, list] = /^not with (.+)$/.exec(cell) ?? [];
  if (list === undefined) throw new Error(`nobody can read the cell: ${cell}`);
  const listed = list.split(', or ').map((each) => each.split(' and ').map((name) => name.replaceAll('`', '')));
  const stopping = listed.flatMap((all) => (all.join() === 'any' ? NAMESPACES.map((kind) => [kind]) : [all]));
  expect(stopping.flat().filter((name) => !KINDS.includes(name as Kind))).toEqual([]);
  return stopping.some((all) => all.every((name) => set.includes(name as Kind))) ? 'no' : 'yes';
}

const isScoped = (): boolean => {
  const path = '/proc/sys/kernel/yama/ptrace_scope';
  return existsSync(path) && readFileSync(path, 'utf8').trim() !== '0';
};
const delegatesNamespaces = /cgroup2 \S+ \S*nsdelegate/.test(readFileSync('/proc/self/mountinfo', 'utf8'));

/** What the page says beside the tables. */
function expected({ attack, cells }: Row, column: Column, set: readonly Kind[]): string {
  if (attack.endsWith(`on cgroup v${3 - version}`)) return 'no';
  if (attack.includes('packets') && !existsSync('/proc/net/packet')) return 'no';
  if (attack.includes('keys') && !existsSync('/proc/sys/kernel/keys')) return 'no';
  if (column === 'the same user' && isScoped() && /memory of the Node process|ptrace/.test(attack)) return 'no';
  if (
    version === 2 &&
    delegatesNamespaces &&
    set.includes('cgroup') &&
    /leave its cage|has left|raise its/.test(attack)
  )
    return 'no';
  return claimed(cells[column], set);
}

type Results = Record<string, string>;

/** Another user's sets have no user namespace: its uid does not exist there. */
const setsOf = (column: Column): readonly (readonly Kind[])[] => [
  [],
  ...drawn(
    SETS.filter((set) => column !== 'another user' || !set.includes('user')),
    SETS_DRAWN,
  ),
];

const places: ReturnType<typeof makeCgroup>[] = [];

/** What came of each attack, in each set of namespaces. */
async function observe(column: Column): Promise<Results[]> {
  const place = makeCgroup();
  places.push(place);
  const { path } = place;
  const as = column === 'the same user' ? delegate(path, NOBODY) : [];
  const starts = setsOf(column).map((set): SpawnOptions => {
    const namespaces = Object.fromEntries(set.filter((kind) => kind !== FILTER).map((kind) => [kind, true]));
    return { namespaces, ...(set.includes(FILTER) && { privileges: { seccomp: 'default' } }) };
  });
  const options = {
    ids: column === 'another user' ? NOBODY : {},
    starts,
    away: join(path, 'away'),
    roots: ROOTS,
    memory: mountPoint('memory'),
    files,
  };
  const fixture = join(__dirname, '../../fixtures/security/caged.js');
  const [file = '', ...args] = [...as, ...WITH_KEY, process.execPath, fixture, JSON.stringify(options)];
  const stdio = Array<'ignore' | 'pipe' | number>(INHERITABLE_FD + 1).fill('ignore');
  stdio.splice(1, 2, 'pipe', 'pipe');
  const inheritable = openSync(__filename, 'r');
  stdio[INHERITABLE_FD] = inheritable;
  const env = { ...process.env, MEMCAGE_PARENT: path, MEMCAGE_TEST_SECRET: 'of the Node process' };
  const child = spawn(file, args, { stdio, env });
  closeSync(inheritable);
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
  const [stdout, stderr] = await Promise.all([text(child.stdout as never), text(child.stderr as never)]);
  if (stdout === '') throw new Error(`${column}: ${stderr}`);
  if (stderr !== '') console.warn(`${column}: ${stderr}`);
  return JSON.parse(stdout) as Results[];
}

describeIf(['cgroup', 'root', 'userns', 'unprivileged-userns'], `attacks from a cage on cgroup v${version}`, () => {
  const observed = new Map<Column, Results[]>();
  beforeAll(async () => {
    for (const column of COLUMNS) observed.set(column, await observe(column));
  }, patience(180_000));

  // Here, so that what fails in `observe` is told too.
  afterAll(() => {
    const left = places.flatMap(({ path }) => tree(path).filter((each) => each.includes('/memcage-', path.length)));
    for (const { remove } of places) remove();
    expect(left).toEqual([]);
  });

  const rows = rowsOfPage();

  test('the page has all that are tried', () => {
    const tried = Object.keys(observed.get('root')?.[0] ?? {});
    expect(rows.map(({ attack }) => attack)).toEqual(tried);
  });

  for (const column of COLUMNS) {
    testRows(
      `come to what the page says, by ${column}`,
      rows,
      (row) => {
        const sets = setsOf(column);
        const results = sets.map((set, i) => [set.join('+'), observed.get(column)?.[i]?.[row.attack]]);
        expect(results).toEqual(sets.map((set) => [set.join('+'), expected(row, column, set)]));
      },
      { name: ({ attack }) => attack },
    );
  }
});
