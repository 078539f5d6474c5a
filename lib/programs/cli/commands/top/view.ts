import type { Arrangement, SortName } from './columns';
import type { Key } from './screen';

/** What the user has chosen to see. */
export interface View extends Arrangement {
  /** The user is typing the filter. */
  typing: boolean;
  paused: boolean;
  help: boolean;
  /** Index of the first row that is shown. */
  offset: number;
  /** Path of the chosen row; undefined if none is. */
  chosen: string | undefined;
  /** An action that waits for the user's answer. */
  asking: Question | undefined;
  /** The result of the last action, shown until the next key. */
  told: string;
}

export interface Question {
  action: 'kill' | 'limit';
  path: string;
  /** What the user has typed. */
  text: string;
}

/** A confirmed action, and the view to go on with. */
export interface Order {
  order: Question;
  view: View;
}

export const INITIAL = {
  typing: false,
  paused: false,
  help: false,
  offset: 0,
  chosen: undefined,
  asking: undefined,
  told: '',
} as const;

export interface Shown {
  /** The columns to sort by, from left to right. */
  sortable: readonly SortName[];
  /** The paths of all rows, from the top down. */
  paths: readonly string[];
  /** How many rows fit on the screen. */
  page: number;
}

/** The keys, for the help. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['left, right, <, >', 'sort by the column beside'],
  ['r', 'reverse the order'],
  ['/', 'filter by name or path: Enter keeps it, Esc takes it away'],
  ['p, Space', 'pause'],
  ['up, down, PgUp, PgDn, Home, End', 'choose a row, and scroll'],
  ['k', 'kill all processes of the chosen row, a cage or a container; asks first'],
  ['l', 'limit its memory: asks for a size'],
  ['Ctrl-Z', 'stop, until the shell continues it'],
  ['?, h', 'this help'],
];

/** The view after a key, an action to carry out, or a request to quit or stop. */
export function press(before: View, key: Key, shown: Shown): View | Order | 'quit' | 'stop' {
  if (key.ctrl === true && key.name === 'c') return 'quit';
  if (key.ctrl === true && key.name === 'z') return 'stop';
  const view = before.told === '' ? before : { ...before, told: '' };
  if (view.typing) return type(view, key);
  if (view.asking !== undefined) return answer(view, view.asking, key);
  if (key.sequence === 'q') return 'quit';
  if (view.help) return { ...view, help: false };
  return { ...view, ...command(view, key, shown) };
}

/** A kill needs `y`; any other key means no. A limit needs a size and Enter; Escape means no. */
function answer(view: View, question: Question, key: Key): View | Order {
  const answered = { ...view, asking: undefined };
  if (question.action === 'kill') {
    return key.sequence === 'y' || key.sequence === 'Y' ? { order: question, view: answered } : answered;
  }
  if (key.name === 'return' || key.name === 'enter') {
    return question.text === '' ? answered : { order: question, view: answered };
  }
  if (key.name === 'escape') return answered;
  return { ...view, asking: { ...question, text: edited(question.text, key) } };
}

function type(view: View, key: Key): View {
  if (key.name === 'return' || key.name === 'enter') return { ...view, typing: false };
  if (key.name === 'escape') return { ...view, typing: false, filter: '', offset: 0 };
  const filter = edited(view.filter, key);
  return filter === view.filter ? view : { ...view, filter, offset: 0 };
}

/** A line of input after a key. */
function edited(text: string, { name, sequence = '', ctrl, meta }: Key): string {
  if (name === 'backspace') return [...text].slice(0, -1).join('');
  if (ctrl === true && name === 'u') return '';
  const isText = ctrl !== true && meta !== true && [...sequence].length === 1 && sequence >= ' ' && sequence !== '\x7f';
  return isText ? text + sequence : text;
}

function command(view: View, { name, sequence }: Key, shown: Shown): Partial<View> {
  const at = Math.max(0, shown.paths.indexOf(view.chosen ?? ''));
  const choose = (index: number): Partial<View> => {
    const chosen = Math.max(0, Math.min(index, shown.paths.length - 1));
    const offset = Math.max(chosen - shown.page + 1, Math.min(view.offset, chosen));
    return { chosen: shown.paths[chosen], offset };
  };
  const ask = (action: Question['action']): Partial<View> => {
    const path = shown.paths[at];
    return path === undefined ? {} : { chosen: path, asking: { action, path, text: '' } };
  };
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    pageup: -shown.page,
    pagedown: shown.page,
    home: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
  };
  const step = steps[name ?? ''];
  if (step !== undefined) return choose(at + step);
  if (name === 'left' || sequence === '<') return { sort: beside(view.sort, -1, shown.sortable) };
  if (name === 'right' || sequence === '>') return { sort: beside(view.sort, 1, shown.sortable) };
  if (name === 'escape') return { filter: '', offset: 0 };
  switch (sequence) {
    case 'k':
      return ask('kill');
    case 'l':
      return ask('limit');
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

/** The next column to sort by. After the last comes the first, and the other way round. */
function beside(sort: SortName, step: 1 | -1, names: readonly SortName[]): SortName {
  const at = names.indexOf(sort);
  return names[(at + step + names.length) % names.length] ?? sort;
}
