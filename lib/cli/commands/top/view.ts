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
  /** Path of the row that was chosen; undefined: none was. */
  chosen: string | undefined;
  /** What is to be done to it, once that is confirmed. */
  asking: Question | undefined;
  /** What became of the last action, until the next key. */
  told: string;
}

export interface Question {
  action: 'kill' | 'limit';
  path: string;
  /** What has been typed. */
  text: string;
}

/** To be done, in the view that is then. */
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
  /** The paths of all rows, from the top down, and how many fit. */
  paths: readonly string[];
  page: number;
}

/** For the help. */
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

/** What becomes of the view by a key. */
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

/** Killing takes a y, a limit a size and Enter; everything else is a no. */
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

/** A line of text after a key. */
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
  switch (name) {
    case 'left':
      return { sort: beside(view.sort, -1, shown.sortable) };
    case 'right':
      return { sort: beside(view.sort, 1, shown.sortable) };
    case 'up':
      return choose(at - 1);
    case 'down':
      return choose(at + 1);
    case 'pageup':
      return choose(at - shown.page);
    case 'pagedown':
      return choose(at + shown.page);
    case 'home':
      return choose(0);
    case 'end':
      return choose(shown.paths.length - 1);
    case 'escape':
      return { filter: '', offset: 0 };
    default:
  }
  switch (sequence) {
    case '<':
      return { sort: beside(view.sort, -1, shown.sortable) };
    case '>':
      return { sort: beside(view.sort, 1, shown.sortable) };
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

/** From the last on to the first, and back. */
function beside(sort: SortName, step: 1 | -1, names: readonly SortName[]): SortName {
  const at = names.indexOf(sort);
  return names[(at + step + names.length) % names.length] ?? sort;
}
