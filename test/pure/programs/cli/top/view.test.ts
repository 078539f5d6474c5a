import type { Key } from '../../../../../lib/programs/cli/commands/top/screen';
import { INITIAL, press, type Shown, type View } from '../../../../../lib/programs/cli/commands/top/view';

const VIEW: View = { ...INITIAL, sort: 'usage', reversed: false, filter: '' };
const PATHS = Array.from({ length: 30 }, (_, index) => `/${index}`);
const SHOWN: Shown = { sortable: ['name', 'usage', 'percent'], paths: PATHS, page: 10 };

/** The view after these keys, pressed one after another. */
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

test('a row is chosen, which scrolls no further than it must, and stops at both ends', () => {
  expect(after({ name: 'up' })).toMatchObject({ chosen: '/0', offset: 0 });
  expect(after({ name: 'down' })).toMatchObject({ chosen: '/1', offset: 0 });
  expect(after({ name: 'pagedown' }, { name: 'down' })).toMatchObject({ chosen: '/11', offset: 2 });
  expect(after({ name: 'end' })).toMatchObject({ chosen: '/29', offset: 20 });
  expect(after({ name: 'end' }, { name: 'up' })).toMatchObject({ chosen: '/28', offset: 20 });
  expect(after({ name: 'pagedown' }, { name: 'pagedown' }, { name: 'pagedown' }).offset).toBe(20);
  expect(after({ name: 'end' }, { name: 'home' })).toMatchObject({ chosen: '/0', offset: 0 });
  expect(press(VIEW, { name: 'down' }, { ...SHOWN, paths: [] })).toMatchObject({ chosen: undefined, offset: 0 });
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
  expect(press(VIEW, text('k'), { ...SHOWN, paths: [] })).toMatchObject({ asking: undefined });
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
  expect(press({ ...VIEW, told: 'done' }, text('x'), SHOWN)).toEqual(VIEW);
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
