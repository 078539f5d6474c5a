import type { Arrangement, SortName } from '../../../../../lib/programs/cli/commands/top/columns';
import type { Row } from '../../../../../lib/programs/cli/commands/top/reader';
import { forPrograms, linesOf, type TreeOptions } from '../../../../../lib/programs/cli/commands/top/tree';
import { charsetOf } from '../../../../../lib/programs/cli/text/style';
import { topRow } from '../../../../support/cli/top-rows';
import { testRows } from '../../../../support/rows';

const OWNER = '/sys/fs/cgroup/memcage-71-f8824e1974b91ce2';
const { tree } = charsetOf({ LANG: 'C.UTF-8' });

function cage(name: string, more: Partial<Row> = {}, alive = true): Row {
  const path = `${OWNER}${name}`;
  const owner = { pid: 71, command: ['/usr/bin/node', 'server.mjs'], alive };
  const kind = name.includes('budget') ? 'budget' : 'cage';
  const listed = { path, kind, parent: null, owner, limitBytes: 1, usageBytes: 1, processes: 1, spare: false } as const;
  return topRow(`71${name}`, 1, { path, cage: listed, ...more });
}

function child(pid: number, path: string, more: Partial<Row> = {}): Row {
  return topRow(String(pid), 1, { path: `${OWNER}${path}`, pid, command: ['sleep', String(pid)], ...more });
}

function drawn(rows: readonly Row[], options: Partial<TreeOptions> = {}): string[] {
  const lines = linesOf(rows, { tree, flipped: new Set(), ...options });
  return lines.map(({ guide, name, about }) => `${guide}${name}: ${about.before}${about.command.join(' ')}`);
}

const ROWS = [
  child(82, '/1/leaf-2'),
  cage('/1'),
  cage('/1/4'),
  child(84, '/1/4/leaf-1'),
  cage('/1/3', { pid: 83, command: ['node', 'job.mjs'] }),
  cage('/2', { pid: 85, command: ['cat'] }),
];

test('children and cages are below the cage that they are in, in the order of the rows', () => {
  expect(drawn(ROWS)).toEqual([
    '71/1: 2 children and 1 cage of /usr/bin/node server.mjs',
    '├─ 82: sleep 82',
    '├─ 71/1/4: 1 child',
    '│  └─ 84: sleep 84',
    '└─ 83: node job.mjs',
    '71/2: cat',
  ]);
});

test('signs say what can be opened and closed', () => {
  const closed = new Set([`${OWNER}/1/4`]);
  expect(drawn(ROWS, { marked: true, flipped: closed }).map((line) => line.split(':')[0])).toEqual([
    '▾ 71/1',
    '├─ 82',
    '├▸ 71/1/4',
    '└─ 83',
    '  71/2',
  ]);
  // No row has another in it.
  expect(drawn([cage('/2'), cage('/3')], { marked: true }).map((line) => line.split(':')[0])).toEqual(['71/2', '71/3']);
  expect(drawn(ROWS, { tree: charsetOf({ LANG: 'C' }).tree, marked: true }).join('')).toMatch(/^[\n -~]*$/);
});

test('a budget is one line until it is opened', () => {
  const rows = [cage('/budget-3', { processes: 2 }), cage('/budget-3/1', { pid: 91 }), child(92, '/budget-3/leaf-2')];
  expect(drawn(rows)).toEqual(['71/budget-3: 2 jobs of /usr/bin/node server.mjs']);
  expect(drawn(rows, { flipped: new Set([`${OWNER}/budget-3`]), nested: true })).toEqual([
    '└─ 71/budget-3: 2 jobs',
    '   ├─ 91: ',
    '   └─ 92: sleep 92',
  ]);
  expect(drawn([cage('/budget-3', { processes: 0 })])).toEqual(['71/budget-3: no jobs of /usr/bin/node server.mjs']);
});

test('what is left of a dead owner says so', () => {
  const rows = [
    cage('/1', {}, false),
    child(82, '/1/leaf-2'),
    cage('/2', { pid: 83, command: ['sleep', '83'] }, false),
  ];
  expect(drawn(rows)).toEqual(['71/1: 1 child of a dead owner', '└─ 82: sleep 82', '71/2: dead owner: sleep 83']);
});

test('a path begins in the row that it is in; the root has nothing below it', () => {
  const rows = [
    topRow('/', 9, { path: '/sys/fs/cgroup' }),
    topRow('/a.slice', 5),
    topRow('/a.slice/b/c.service', 4, { path: '/sys/fs/cgroup/a.slice/b/c.service' }),
  ].map((row) => ({ ...row, path: row.path.replace('//', '/') }));
  expect(drawn(rows)).toEqual(['/: ', '/a.slice: ', '└─ b/c.service: ']);
});

test('a cage that a child made is not called as if it were a child, and does not make its cage one of many', () => {
  const program = ['node', 'worker.mjs'];
  const inChild = cage('/1/3/memcage-83-0a/1', { name: '83/1', pid: 97, command: ['cat'] });
  const rows = [
    cage('/2', { pid: 85, command: program, processes: 2 }),
    cage('/2/memcage-85-0a/1', { name: '85/1', pid: 96, command: ['cat'] }),
    cage('/1'),
    cage('/1/3', { pid: 83, command: program, processes: 2 }),
    inChild,
  ];
  expect(drawn(rows)).toEqual([
    '71/2: node worker.mjs',
    '└─ 85/1: cat',
    '71/1: 1 child of /usr/bin/node server.mjs',
    '└─ 83: node worker.mjs',
    '   └─ 83/1: cat',
  ]);
});

describe('a filter', () => {
  const arranged = (filter: string, sort: SortName = 'usage'): Arrangement => ({ sort, reversed: false, filter });
  const filtered = (rows: readonly Row[], filter: string) => drawn(rows, { arrangement: arranged(filter) });

  test('keeps what its rows are in, with all that this says', () => {
    expect(filtered(ROWS, 'SLEEP 84')).toEqual([
      '71/1: 2 children and 1 cage of /usr/bin/node server.mjs',
      '└─ 71/1/4: 1 child',
      '   └─ 84: sleep 84',
    ]);
    expect(filtered(ROWS, 'nothing such')).toEqual([]);
  });

  testRows<[filter: string, lines: string[]]>(
    'finds what is shown',
    [
      // A name, though no child has it in its path.
      ['71/2', ['71/2: cat']],
      ['71/1/4', ['71/1: 2 children and 1 cage of /usr/bin/node server.mjs', '└─ 71/1/4: 1 child']],
      // The command of the owner, and the pid of a child in a cage of its own.
      ['server.mjs', ['71/1: 2 children and 1 cage of /usr/bin/node server.mjs']],
      ['83', ['71/1: 2 children and 1 cage of /usr/bin/node server.mjs', '└─ 83: node job.mjs']],
    ],
    ([filter, lines]) => expect(filtered(ROWS, filter)).toEqual(lines),
  );

  test('finds a cage of many by what its line says, not by its first process', () => {
    const rows = [cage('/1', { command: ['hidden'] }), child(82, '/1/leaf-1')];
    expect(filtered(rows, 'hidden')).toEqual([]);
    expect(filtered(rows, '71/1')).toEqual(['71/1: 1 child of /usr/bin/node server.mjs']);
  });

  test('shows a job in a budget that is closed', () => {
    const rows = [cage('/budget-3'), cage('/budget-3/1', { pid: 91 }), child(92, '/budget-3/leaf-2')];
    const options = { tree, flipped: new Set<string>(), marked: true };
    const lines = linesOf(rows, { ...options, arrangement: arranged('sleep') });
    expect(lines.map(({ guide, name, state }) => [guide, name, state])).toEqual([
      ['  ', '71/budget-3', 'held'],
      ['└─ ', '92', 'single'],
    ]);
    const found = linesOf(rows, { ...options, arrangement: arranged('71/budget-3') });
    expect(found.map(({ name, state }) => [name, state])).toEqual([['71/budget-3', 'closed']]);
  });

  test('leaves programs what it finds, each with the cage around it', () => {
    const rows = forPrograms(ROWS, arranged('sleep')) as { name: string; parent: string | null }[];
    expect(rows.map(({ name, parent }) => [name, parent])).toEqual([
      ['84', `${OWNER}/1/4`],
      ['82', `${OWNER}/1`],
    ]);
  });
});

test('children are sorted by the names that they are shown by', () => {
  const rows = [cage('/1'), cage('/1/1', { pid: 99 }), cage('/1/2', { pid: 98 }), child(100, '/1/leaf-1')];
  const lines = drawn(rows, { arrangement: { sort: 'name', reversed: false, filter: '' } });
  expect(lines.slice(1).map((line) => line.slice(3))).toEqual(['98: ', '99: ', '100: sleep 100']);
});

test('programs get the path of the cage around', () => {
  const inChild = cage('/2/memcage-85-0a/1', { name: '85/1' });
  const all = [...ROWS, inChild, topRow('/a', 1), topRow('/a/b', 1)];
  const rows = forPrograms(all, { sort: 'name', reversed: false, filter: '' }) as Partial<Row & { parent: string }>[];
  expect(rows.map(({ name, parent }) => [name, parent?.slice(OWNER.length) ?? null])).toEqual([
    ['/a', null],
    ['/a/b', null],
    ['71/1', null],
    ['71/1/3', '/1'],
    ['71/1/4', '/1'],
    ['71/2', null],
    ['82', '/1'],
    ['84', '/1/4'],
    ['85/1', '/2'],
  ]);
  expect(rows.some((row) => 'cage' in row || 'pid' in row)).toBe(false);
});
