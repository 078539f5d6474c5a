import { widthOf } from '../../../../../lib/common/text/text-width';
import { COLUMN_NAMES, fittingColumns, ordered } from '../../../../../lib/programs/cli/commands/top/columns';
import {
  History,
  type Picture,
  screenOf,
  shownIn,
  tableText,
  whyEmpty,
} from '../../../../../lib/programs/cli/commands/top/layout';
import type { Row } from '../../../../../lib/programs/cli/commands/top/reader';
import { linesOf } from '../../../../../lib/programs/cli/commands/top/tree';
import { INITIAL, press } from '../../../../../lib/programs/cli/commands/top/view';
import { charsetOf, colorsOf, columnsOf } from '../../../../../lib/programs/cli/text/style';
import { topRow } from '../../../../support/cli/top-rows';

const row = topRow;

const colors = colorsOf({ isTTY: false });
const charset = charsetOf({ LANG: 'C.UTF-8' });
const view = { ...INITIAL, sort: 'usage', reversed: false, filter: '' } as const;

function picture(more: Partial<Picture>): Picture {
  return {
    colors,
    charset,
    view,
    rows: [],
    nothing: 'nothing',
    history: new History(),
    title: 'top',
    columns: 80,
    lines: 10,
    ...more,
  };
}

const ROWS = [
  row('日本語の名前のコンテナ', 5),
  row('/a/long/path/to/some/cgroup/that/does/not/fit', 50),
  row('\x1b[2Jevil', 99, { command: ['node', '\x1b[2J'] }),
  row('\x1b[2Jevil/below', 1),
];

test.each([false, true])('no frame is larger than the terminal, help: %p', (help) => {
  for (let columns = 1; columns <= 160; columns += 1) {
    for (const lines of [1, 2, 3, 4, 7, 30]) {
      const frame = screenOf(picture({ rows: ROWS, columns, lines, view: { ...view, help } }));
      expect(frame.length).toBeLessThanOrEqual(lines);
      expect(Math.max(...frame.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  }
});

test('columns go by their rank, and stay in their order', () => {
  let before = fittingColumns(1000);
  expect(before).toEqual(COLUMN_NAMES);
  for (let width = 200; width > 0; width -= 1) {
    const now = fittingColumns(width);
    expect(before.filter((name) => now.includes(name))).toEqual(now);
    before = now;
  }
  expect(before).toEqual(['name']);
});

test('what a cgroup is named can not command the terminal', () => {
  const lines = linesOf(ROWS, { tree: charset.tree, flipped: new Set() });
  expect(tableText(lines, 200, { colors, charset })).not.toContain('\x1b');
  expect(screenOf(picture({ rows: ROWS, view: { ...view, filter: '\x9b2J' } })).join('')).not.toContain('\x9b');
});

test('the end of a path is kept, the beginning of a name', () => {
  const rows = [ROWS[1] as Row, row('a-name-that-is-far-too-long', 1)];
  const [, path, name] = screenOf(picture({ rows, columns: 74 })).slice(1);
  expect(path).toMatch(/^….*\/not\/fit /);
  expect(name).toMatch(/^a-name-that-.*…/);
});

test('the last samples, the newest at the right', () => {
  const history = new History();
  for (const percent of [0, 12.4, 12.5, 50, 99, 100, 130]) history.add([row('a', percent), row('b', 0)]);
  expect(history.sparkline(row('a', 0).path, charset.bars)).toBe('   ▁▁▂▅███');
  history.add([row('b', 0)]);
  expect(history.sparkline(row('a', 0).path, charset.bars)).toBe(' '.repeat(10));
});

test('equals are in the order of their paths, either way', () => {
  const rows = [row('c', 1), row('a10', 1), row('a9', 1), row('b', 2)];
  const names = (reversed: boolean) => ordered(rows, { sort: 'usage', reversed }).map(({ name }) => name);
  expect(names(false)).toEqual(['b', 'a9', 'a10', 'c']);
  expect(names(true)).toEqual(['a9', 'a10', 'c', 'b']);
});

test('80 columns have the command, and more come once it has room', () => {
  const common = ['name', 'usage', 'limit', 'percent', 'cpu', 'pids', 'oom', 'command'];
  expect(fittingColumns(80)).toEqual(common);
  expect(fittingColumns(105)).toEqual(common);
  expect(fittingColumns(106)).toContain('peak');
  expect(fittingColumns(60)).toEqual(['name', 'usage', 'limit', 'percent', 'command']);
});

test('a long path leaves the command half of the room', () => {
  const rows = [row('/system.slice/system-something.slice/a-service.service', 1, { command: ['node', 'server.mjs'] })];
  const line = screenOf(picture({ rows, columns: 90 }))[2];
  expect(line).toMatch(/^….*service +1 MiB .* node server\.mjs +$/);
});

test('the widest figures keep the columns aligned', () => {
  const most = { usageBytes: 1023.9 * (1 << 20), limitBytes: 1023.9 * (1 << 20), percent: 100, cpuPercent: 12_800 };
  const rows = [row('a', 1), row('b', 2, { ...most, processes: 123_456, oomKills: 1234, command: ['node'] })];
  const [second = '', first = ''] = screenOf(picture({ rows })).slice(2);
  expect(second.split(/ +/)).toEqual([
    'b',
    '1023',
    'MiB',
    '/',
    '1023',
    'MiB',
    '100.0',
    '12800',
    '123k',
    '1k',
    'node',
    '',
  ]);
  expect(first.indexOf('/')).toBe(second.indexOf('/'));
});

test('a screen without rows says why, and a table with them', () => {
  expect(screenOf(picture({ nothing: 'There is no cage now.' }))[3]).toBe('  There is no cage now.');
  const filtered = picture({ rows: ROWS, view: { ...view, filter: 'xyz' } });
  expect(screenOf(filtered)[3]).toBe('  Nothing has "xyz" in its name, path or command. Esc takes the filter away.');
  const why = { rows: ROWS, nothing: 'There is no cage now.' };
  expect(whyEmpty(why, { filter: 'xyz' })).toBe('Nothing has "xyz" in its name, path or command.');
  expect(whyEmpty({ ...why, rows: [] }, { filter: 'xyz' })).toBe('There is no cage now.');
});

describe('the heading', () => {
  const OWNER = '/sys/fs/cgroup/memcage-71-f8824e1974b91ce2';
  const cage = row('71/1', 5, { path: `${OWNER}/1`, processes: 2 });
  const leaf = row('82', 2, { path: `${OWNER}/1/leaf-1`, command: ['render'] });
  const heading = (rows: Row[], filter = '') => screenOf(picture({ rows, columns: 120, view: { ...view, filter } }))[0];

  test('counts the outermost cages, and cgroups where these are none', () => {
    expect(heading([cage, leaf])).toMatch(/^top {2}1 cage, 2 processes, 5 MiB, /);
    expect(heading([leaf])).toMatch(/^top {2}1 cgroup, 1 process, 2 MiB, /);
    expect(heading([row('docker:web', 7, { path: '/sys/fs/cgroup/docker/0a' })])).toMatch(/^top {2}1 cgroup, /);
    expect(heading([cage, row('/a.slice', 1)])).toMatch(/^top {2}2 cgroups, 3 processes, 6 MiB, /);
  });

  test('counts what the filter is meant for, not the cage around it', () => {
    expect(heading([cage, leaf], 'render')).toMatch(/^top {2}1 cgroup \(1 of 2 rows\), 1 process, 2 MiB, /);
  });
});

test('the keys act on the first row that the filter is meant for', () => {
  const inner = row('x/job', 1);
  const shown = shownIn(picture({ rows: [row('x', 9), inner], view: { ...view, filter: 'job' } }));
  expect(shown.rows.map(({ state }) => state)).toEqual(['held', 'single']);
  expect(press({ ...view, filter: 'job' }, { sequence: 'k' }, { ...shown, whyNoKill: () => undefined })).toMatchObject({
    asking: { path: inner.path },
  });
});

test.each([
  [{ isTTY: true, columns: 100 }, 100],
  // A pty without a size.
  [{ isTTY: true, columns: 0 }, 80],
  [{ columns: 100 }, Number.POSITIVE_INFINITY],
])('%j has %p columns', (stdout, expected) => {
  expect(columnsOf(stdout)).toBe(expected);
});

test('a terminal without UTF-8 gets ASCII', () => {
  const frame = screenOf(picture({ rows: [ROWS[1] as Row], columns: 200, charset: charsetOf({ LANG: 'C' }) }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  expect(frame.join('')).toMatch(/^[\x00-\x7f]*$/);
  expect(charsetOf({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' })).not.toBe(charset);
  expect(charsetOf({ LC_ALL: '', LANG: 'de_DE.utf8' })).toBe(charset);
});
