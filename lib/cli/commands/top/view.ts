import type { SortName } from './columns';

/** What the person has chosen to see. */
export interface View {
  sort: SortName;
  reversed: boolean;
  filter: string;
  /** The filter is being typed. */
  typing: boolean;
  paused: boolean;
  help: boolean;
  /** The first row that is shown. */
  offset: number;
}

/** As node:readline tells it. */
export interface Key {
  name?: string | undefined;
  sequence?: string | undefined;
  ctrl?: boolean | undefined;
  meta?: boolean | undefined;
}

export interface Shown {
  /** The columns that can be sorted by, from left to right. */
  sortable: readonly SortName[];
  /** How many rows there are, and how many fit. */
  count: number;
  page: number;
}

/** For the help. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['left, right, <, >', 'sort by the column beside'],
  ['r', 'reverse the order'],
  ['/', 'filter by name or path: Enter keeps it, Esc takes it away'],
  ['p, Space', 'pause'],
  ['up, down, PgUp, PgDn, Home, End', 'scroll'],
  ['Ctrl-Z', 'stop, until the shell continues it'],
  ['?, h', 'this help'],
];

/** What becomes of the view by a key. */
export function press(view: View, key: Key, shown: Shown): View | 'quit' | 'stop' {
  if (key.ctrl === true && key.name === 'c') return 'quit';
  if (key.ctrl === true && key.name === 'z') return 'stop';
  if (view.typing) return type(view, key);
  if (key.sequence === 'q') return 'quit';
  if (view.help) return { ...view, help: false };
  return { ...view, ...command(view, key, shown) };
}

function type(view: View, { name, sequence = '', ctrl, meta }: Key): View {
  if (name === 'return' || name === 'enter') return { ...view, typing: false };
  if (name === 'escape') return { ...view, typing: false, filter: '', offset: 0 };
  if (name === 'backspace') return { ...view, filter: [...view.filter].slice(0, -1).join(''), offset: 0 };
  if (ctrl === true && name === 'u') return { ...view, filter: '', offset: 0 };
  const isText = ctrl !== true && meta !== true && [...sequence].length === 1 && sequence >= ' ' && sequence !== '\x7f';
  return isText ? { ...view, filter: view.filter + sequence, offset: 0 } : view;
}

function command(view: View, { name, sequence }: Key, shown: Shown): Partial<View> {
  const scrollTo = (offset: number) => ({ offset: Math.max(0, Math.min(offset, shown.count - shown.page)) });
  switch (name) {
    case 'left':
      return { sort: beside(view.sort, -1, shown.sortable) };
    case 'right':
      return { sort: beside(view.sort, 1, shown.sortable) };
    case 'up':
      return scrollTo(view.offset - 1);
    case 'down':
      return scrollTo(view.offset + 1);
    case 'pageup':
      return scrollTo(view.offset - shown.page);
    case 'pagedown':
      return scrollTo(view.offset + shown.page);
    case 'home':
      return scrollTo(0);
    case 'end':
      return scrollTo(shown.count);
    case 'escape':
      return { filter: '', offset: 0 };
    default:
  }
  switch (sequence) {
    case '<':
      return { sort: beside(view.sort, -1, shown.sortable) };
    case '>':
      return { sort: beside(view.sort, 1, shown.sortable) };
    case 'r':
      return { reversed: !view.reversed };
    case '/':
      return { typing: true };
    case 'p':
    case ' ':
      return { paused: !view.paused };
    case '?':
    case 'h':
      return { help: true };
    default:
      return {};
  }
}

/** From the last on to the first, and back. */
function beside(sort: SortName, step: 1 | -1, names: readonly SortName[]): SortName {
  const at = names.indexOf(sort);
  return names[(at + step + names.length) % names.length] ?? sort;
}
