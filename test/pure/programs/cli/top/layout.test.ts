import { COLUMN_NAMES, fittingColumns, ordered } from '../../../../../lib/programs/cli/commands/top/columns';
import { History, type Picture, screenOf, tableText } from '../../../../../lib/programs/cli/commands/top/layout';
import type { Row } from '../../../../../lib/programs/cli/commands/top/reader';
import { INITIAL } from '../../../../../lib/programs/cli/commands/top/view';
import { charsetOf, colorsOf } from '../../../../../lib/programs/cli/text/style';
import { widthOf } from '../../../../../lib/programs/cli/text/text-width';

const MiB = 1 << 20;

function row(name: string, usage: number, more: Partial<Row> = {}): Row {
  return {
    name,
    path: `/sys/fs/cgroup/${name}`,
    command: [],
    usageBytes: usage * MiB,
    limitBytes: 100 * MiB,
    percent: usage,
    peakBytes: null,
    workingSetBytes: usage * MiB,
    anonBytes: usage * MiB,
    fileBytes: 0,
    swapBytes: 0,
    processes: 1,
    cpuPercent: null,
    oomKills: 0,
    ...more,
  };
}

const colors = colorsOf({ isTTY: false });
const charset = charsetOf({ LANG: 'C.UTF-8' });
const view = { ...INITIAL, sort: 'usage', reversed: false, filter: '' } as const;

function picture(more: Partial<Picture>): Picture {
  return {
    colors,
    charset,
    view,
    rows: [],
    total: 0,
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
  row('\x1b[2Jevil', 99),
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
  expect(tableText(ROWS, 200, 'usage', { colors, charset })).not.toContain('\x1b');
  expect(screenOf(picture({ rows: ROWS, view: { ...view, filter: '\x9b2J' } })).join('')).not.toContain('\x9b');
});

test('the end of a path is kept, the beginning of a name', () => {
  const [, path, name] = screenOf(picture({ rows: [ROWS[1] as Row, row('a-name-that-is-far-too-long', 1)] })).slice(1);
  expect(path).toMatch(/^…t\/does\/not\/fit|^….*\/not\/fit/);
  expect(name).toMatch(/^a-name-that…/);
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
  const names = (reversed: boolean) => ordered(rows, { sort: 'usage', reversed, filter: '' }).map(({ name }) => name);
  expect(names(false)).toEqual(['b', 'a9', 'a10', 'c']);
  expect(names(true)).toEqual(['a9', 'a10', 'c', 'b']);
});

test('a terminal without UTF-8 gets ASCII', () => {
  const frame = screenOf(picture({ rows: [ROWS[1] as Row], columns: 200, charset: charsetOf({ LANG: 'C' }) }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  expect(frame.join('')).toMatch(/^[\x00-\x7f]*$/);
  expect(charsetOf({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' })).not.toBe(charset);
  expect(charsetOf({ LC_ALL: '', LANG: 'de_DE.utf8' })).toBe(charset);
});
