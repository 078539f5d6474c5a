import type { Key } from '../../../../../lib/programs/cli/commands/top/screen';
import {
  INITIAL,
  press,
  type Shown,
  type ShownRow,
  type View,
} from '../../../../../lib/programs/cli/commands/top/view';
import { testRows } from '../../../../support/rows';

const VIEW: View = { ...INITIAL, sort: 'usage', reversed: false, filter: '' };
const PATHS = Array.from({ length: 30 }, (_, index) => `/${index}`);
const ROWS = PATHS.map((path): ShownRow => ({ path, state: path === '/0' ? 'open' : 'single' }));
const SHOWN: Shown = {
  sortable: ['name', 'usage', 'percent'],
  rows: ROWS,
  page: 10,
  whyNoKill: (path) => (path === '/3' ? 'this is the root of all cgroups' : undefined),
};

/** The view after these keys, pressed one after another. */
function after(...keys: Key[]): View {
  return keys.reduce<View>((view, key) => press(view, key, SHOWN) as View, VIEW);
}
const text = (sequence: string): Key => ({ name: sequence, sequence });

test('sorting goes around', () => {
  expect(after({ sequence: '>' }).sort).toBe('percent');
  expect(after({ sequence: '>' }, { sequence: '>' }).sort).toBe('name');
  expect(after({ sequence: '<' }, { sequence: '<' }).sort).toBe('percent');
});

test('a column that a narrow terminal has left out is left for one that is there', () => {
  expect(press({ ...VIEW, sort: 'swap' }, { sequence: '>' }, SHOWN)).toMatchObject({ sort: 'name' });
});

test('a row is chosen, which scrolls no further than it must, and stops at both ends', () => {
  expect(after({ name: 'up' })).toMatchObject({ chosen: '/0', offset: 0 });
  expect(after({ name: 'down' })).toMatchObject({ chosen: '/1', offset: 0 });
  expect(after({ name: 'pagedown' }, { name: 'down' })).toMatchObject({ chosen: '/11', offset: 2 });
  expect(after({ name: 'end' })).toMatchObject({ chosen: '/29', offset: 20 });
  expect(after({ name: 'end' }, { name: 'up' })).toMatchObject({ chosen: '/28', offset: 20 });
  expect(after({ name: 'pagedown' }, { name: 'pagedown' }, { name: 'pagedown' }).offset).toBe(20);
  expect(after({ name: 'end' }, { name: 'home' })).toMatchObject({ chosen: '/0', offset: 0 });
  expect(press(VIEW, { name: 'down' }, { ...SHOWN, rows: [] })).toMatchObject({ chosen: undefined, offset: 0 });
});

test('killing the chosen row takes a y, and nothing else does it', () => {
  const asked = after({ name: 'down' }, text('k'));
  expect(asked.asking).toEqual({ action: 'kill', path: '/1', text: '' });
  expect(press(asked, text('y'), SHOWN)).toMatchObject({
    order: { action: 'kill', path: '/1' },
    view: { asking: undefined },
  });
  for (const key of [text('n'), text('q'), text(' '), { name: 'return', sequence: '\r' }, { name: 'escape' }]) {
    expect(press(asked, key, SHOWN)).toMatchObject({ asking: undefined, chosen: '/1' });
  }
  expect(press(VIEW, text('k'), { ...SHOWN, rows: [] })).toMatchObject({ asking: undefined });
});

test('a limit is typed, and Enter sets it', () => {
  const typed = after(text('l'), text('1'), text('0'), text('q'), { name: 'backspace' }, text('M'));
  expect(typed.asking).toEqual({ action: 'limit', path: '/0', text: '10M' });
  const enter = { name: 'return', sequence: '\r' };
  expect(press(typed, enter, SHOWN)).toMatchObject({ order: { action: 'limit', path: '/0', text: '10M' } });
  expect(press(typed, { name: 'escape' }, SHOWN)).toMatchObject({ asking: undefined });
  expect(after(text('l'), enter).asking).toBeUndefined();
});

test('what was told stays until the next key', () => {
  expect(press({ ...VIEW, told: 'done' }, { name: 'up' }, SHOWN)).toMatchObject({ told: '' });
});

test('rows are opened and closed', () => {
  const isFlipped = (view: View) => [...view.flipped];
  const enter = { name: 'return', sequence: '\r' };
  expect(isFlipped(after(enter))).toEqual(['/0']);
  expect(isFlipped(after({ name: 'left' }))).toEqual(['/0']);
  const closed = { ...SHOWN, rows: [{ path: '/0', state: 'closed' as const }] };
  const opened = press({ ...VIEW, flipped: new Set(['/0']) }, { name: 'right' }, closed) as View;
  expect(isFlipped(opened)).toEqual([]);
  expect(press(VIEW, { name: 'left' }, closed)).toMatchObject({ told: 'Left: this row is closed. ? shows the keys' });
  const held = { ...SHOWN, rows: [{ path: '/0', state: 'held' as const }] };
  expect(press(VIEW, enter, held)).toMatchObject({
    told: 'Enter: the filter keeps this row open. ? shows the keys',
  });
});

testRows<[keys: Key[], told: string]>(
  'a key that does nothing says why',
  [
    [[text('x')], 'x does nothing here. ? shows the keys'],
    [[{ name: 'f5', sequence: '\x1b[15~' }], 'F5 does nothing here. ? shows the keys'],
    [[{ name: 'l', sequence: '\x0c', ctrl: true }], 'Ctrl-L does nothing here. ? shows the keys'],
    [[{ name: 'x', sequence: '\x1bx', meta: true }], 'Alt-x does nothing here. ? shows the keys'],
    [[{ name: 'tab', sequence: '\t' }], 'Tab does nothing here. ? shows the keys'],
    [[{ name: 'undefined', sequence: '\x1b[99~' }], 'That key does nothing here. ? shows the keys'],
    [[{ name: 'right' }], 'Right: this row is open. ? shows the keys'],
    [[{ name: 'down' }, { name: 'right' }], 'Right: there is nothing in this row to open; > sorts. ? shows the keys'],
    [[{ name: 'down' }, { name: 'left' }], 'Left: there is nothing in this row to close; < sorts. ? shows the keys'],
    [[{ name: 'down' }, { name: 'return' }], 'Enter: there is nothing in this row to open. ? shows the keys'],
    [
      [{ name: 'down' }, { name: 'down' }, { name: 'down' }, text('k')],
      'k: this is the root of all cgroups. ? shows the keys',
    ],
    [[text('k'), text('n')], 'Nothing was killed: only y kills'],
    [[text('l'), { name: 'escape' }], 'The limit is what it was: no size was entered'],
  ],
  ([keys, told]) => {
    expect(after(...keys).told).toBe(told);
    expect(after(...keys).asking).toBeUndefined();
  },
);

test('without rows, and with one column, keys say so', () => {
  const none = { ...SHOWN, rows: [] };
  for (const key of [text('k'), text('l'), { name: 'return' }]) {
    expect(press(VIEW, key, none)).toMatchObject({
      told: expect.stringContaining('there is no row to act on') as string,
    });
  }
  const one: Shown = { ...SHOWN, sortable: ['name'] };
  expect(press({ ...VIEW, sort: 'name' }, text('>'), one)).toMatchObject({
    told: expect.stringContaining('room for one column') as string,
  });
});

test('while the filter is typed, letters are text', () => {
  const typed = after(text('/'), text('q'), text('ä'), text(' '), text('r'));
  expect(typed).toMatchObject({ typing: true, filter: 'qä r', reversed: false });
  expect(press(typed, { name: 'return', sequence: '\r' }, SHOWN)).toMatchObject({ typing: false, filter: 'qä r' });
  expect(press(typed, { name: 'escape', sequence: '\x1b' }, SHOWN)).toMatchObject({ typing: false, filter: '' });
  expect(press(typed, { name: 'u', sequence: '\x15', ctrl: true }, SHOWN)).toMatchObject({ typing: true, filter: '' });
  expect(press(typed, { name: 'backspace', sequence: '\x7f' }, SHOWN)).toMatchObject({ filter: 'qä ' });
  // Keys that are not text: an arrow, a control character.
  expect(press(typed, { name: 'left', sequence: '\x1b[D' }, SHOWN)).toEqual(typed);
  expect(press(typed, { sequence: '\x01', ctrl: true, name: 'a' }, SHOWN)).toEqual(typed);
  expect(press(typed, { name: 'c', ctrl: true }, SHOWN)).toBe('quit');
});

test('quitting and stopping, in the help too', () => {
  for (const view of [VIEW, { ...VIEW, help: true }]) {
    expect(press(view, text('q'), SHOWN)).toBe('quit');
    expect(press(view, { name: 'c', ctrl: true }, SHOWN)).toBe('quit');
    expect(press(view, { name: 'z', ctrl: true }, SHOWN)).toBe('stop');
  }
  expect(after(text('?'), text('r'))).toEqual(VIEW);
});
