import { type Key, press, type Shown, type View } from '../../../../lib/cli/commands/top/view';

const VIEW: View = { sort: 'usage', reversed: false, filter: '', typing: false, paused: false, help: false, offset: 0 };
const SHOWN: Shown = { sortable: ['name', 'usage', 'percent'], count: 30, page: 10 };

/** What becomes of it by one key after the other. */
function after(...keys: Key[]): View {
  return keys.reduce<View>((view, key) => press(view, key, SHOWN) as View, VIEW);
}
const text = (sequence: string): Key => ({ name: sequence, sequence });

test('sorting goes around', () => {
  expect(after({ name: 'right' }).sort).toBe('percent');
  expect(after({ name: 'right' }, { name: 'right' }).sort).toBe('name');
  expect(after({ sequence: '<' }, { sequence: '<' }).sort).toBe('percent');
});

test('a column that a narrow terminal has left out is left for one that is there', () => {
  expect(press({ ...VIEW, sort: 'swap' }, { name: 'right' }, SHOWN)).toMatchObject({ sort: 'name' });
});

test('scrolling stops at both ends', () => {
  expect(after({ name: 'up' }).offset).toBe(0);
  expect(after({ name: 'pagedown' }, { name: 'down' }).offset).toBe(11);
  expect(after({ name: 'end' }).offset).toBe(20);
  expect(after({ name: 'pagedown' }, { name: 'pagedown' }, { name: 'pagedown' }).offset).toBe(20);
  expect(after({ name: 'end' }, { name: 'home' }).offset).toBe(0);
});

test('while the filter is typed, letters are text', () => {
  const typed = after(text('/'), text('q'), text('ä'), text(' '), text('r'));
  expect(typed).toMatchObject({ typing: true, filter: 'qä r', reversed: false });
  expect(press(typed, { name: 'return', sequence: '\r' }, SHOWN)).toMatchObject({ typing: false, filter: 'qä r' });
  expect(press(typed, { name: 'escape', sequence: '\x1b' }, SHOWN)).toMatchObject({ typing: false, filter: '' });
  expect(press(typed, { name: 'u', sequence: '\x15', ctrl: true }, SHOWN)).toMatchObject({ typing: true, filter: '' });
  expect(press(typed, { name: 'backspace', sequence: '\x7f' }, SHOWN)).toMatchObject({ filter: 'qä ' });
  // No text: an arrow, a control character.
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
