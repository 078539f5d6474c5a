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
  /** Paths of the rows that are not as they are at first: budgets are closed, all others open. */
  flipped: ReadonlySet<string>;
  /** Path of the chosen row; undefined for the first one. */
  chosen: string | undefined;
  /** An action that waits for the user's answer. */
  asking: Question | undefined;
  /** What became of the last key: the result of an action, or why it did nothing. Shown until the next one. */
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
  flipped: new Set<string>(),
  chosen: undefined,
  asking: undefined,
  told: '',
} as const;

export interface Shown {
  /** The columns to sort by, from left to right. */
  sortable: readonly SortName[];
  /** All rows, from the top down, without those in closed ones. */
  rows: readonly ShownRow[];
  /** How many rows fit on the screen. */
  page: number;
  /** Why `k` can't kill what is in a cgroup; undefined if it can. */
  whyNoKill(path: string): string | undefined;
}

export interface ShownRow {
  path: string;
  /** As in a line of the tree: a row that is `held` is there only for others in it, which the filter leaves. */
  state: 'open' | 'held' | 'closed' | 'single';
}

/** The keys, for the help. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['up, down, PgUp, PgDn, Home, End', 'choose a row, and scroll'],
  ['Enter, right, left', 'open or close it: a budget, a cage of many'],
  ['k', 'kill all that is in it; asks first'],
  ['l', 'limit its memory: asks for a size'],
  ['/', 'filter: Enter keeps it, Esc takes it away'],
  ['<, >', 'sort by the column beside'],
  ['r', 'reverse the order'],
  ['p, Space', 'pause'],
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

/** Index of the row that the keys act on. Until one is chosen, that is the first that the filter is meant for. */
export function chosenAt(rows: readonly ShownRow[], { chosen }: Pick<View, 'chosen'>): number {
  const at = rows.findIndex(({ path }) => path === chosen);
  if (at !== -1) return at;
  return Math.max(
    0,
    rows.findIndex(({ state }) => state !== 'held'),
  );
}

/** A kill needs `y`; any other key means no. A limit needs a size and Enter; Escape means no. */
function answer(view: View, question: Question, key: Key): View | Order {
  const answered = { ...view, asking: undefined };
  if (question.action === 'kill') {
    const isYes = key.sequence === 'y' || key.sequence === 'Y';
    return isYes ? { order: question, view: answered } : { ...answered, told: 'Nothing was killed: only y kills' };
  }
  const isEntered = key.name === 'return' || key.name === 'enter';
  if (isEntered && question.text !== '') return { order: question, view: answered };
  if (isEntered || key.name === 'escape') return { ...answered, told: 'The limit is what it was: no size was entered' };
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

function command(view: View, key: Key, shown: Shown): Partial<View> {
  const { name, sequence } = key;
  const { rows } = shown;
  const at = chosenAt(rows, view);
  const row = rows[at];
  const choose = (index: number): Partial<View> => {
    const chosen = Math.max(0, Math.min(index, rows.length - 1));
    const offset = Math.max(chosen - shown.page + 1, Math.min(view.offset, chosen));
    return { chosen: rows[chosen]?.path, offset };
  };
  const refuse = (why: string): Partial<View> => ({ told: `${nameOf(key)}: ${why}. ? shows the keys` });
  const ask = (action: Question['action']): Partial<View> => {
    if (row === undefined) return refuse('there is no row to act on');
    const why = action === 'kill' ? shown.whyNoKill(row.path) : undefined;
    return why === undefined ? { chosen: row.path, asking: { action, path: row.path, text: '' } } : refuse(why);
  };
  /** Opens or closes the chosen row, if it is in one of these states. */
  const flip = (states: readonly string[], why: string): Partial<View> => {
    if (row === undefined) return refuse('there is no row to act on');
    if (row.state === 'held') return refuse('the filter keeps this row open');
    if (!states.includes(row.state)) return refuse(why);
    const flipped = new Set(view.flipped);
    if (!flipped.delete(row.path)) flipped.add(row.path);
    return { chosen: row.path, flipped };
  };
  const sortBeside = (step: 1 | -1): Partial<View> =>
    shown.sortable.length < 2 && shown.sortable[0] === view.sort
      ? refuse('there is room for one column only')
      : { sort: beside(view.sort, step, shown.sortable) };
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
  switch (name) {
    case 'return':
    case 'enter':
      return flip(['open', 'closed'], 'there is nothing in this row to open');
    case 'right':
      return flip(
        ['closed'],
        row?.state === 'open' ? 'this row is open' : 'there is nothing in this row to open; > sorts',
      );
    case 'left':
      return flip(
        ['open'],
        row?.state === 'closed' ? 'this row is closed' : 'there is nothing in this row to close; < sorts',
      );
    case 'escape':
      return { filter: '', offset: 0 };
  }
  switch (sequence) {
    case 'k':
      return ask('kill');
    case 'l':
      return ask('limit');
    case '<':
      return sortBeside(-1);
    case '>':
      return sortBeside(1);
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
      return { told: `${nameOf(key)} does nothing here. ? shows the keys` };
  }
}

/** A key as people call it. */
function nameOf({ name = '', sequence = '', ctrl, meta }: Key): string {
  const words: Readonly<Record<string, string>> = { return: 'Enter', space: 'Space' };
  const isText = [...sequence].length === 1 && sequence > ' ' && sequence !== '\x7f';
  const known = words[name] ?? (name.length > 1 ? `${name.slice(0, 1).toUpperCase()}${name.slice(1)}` : name);
  if (ctrl === true && name !== '') return `Ctrl-${known.toUpperCase()}`;
  if (meta === true && name !== '') return `Alt-${known}`;
  return isText ? sequence : known === '' || name === 'undefined' ? 'That key' : known;
}

/** The next column to sort by. After the last comes the first, and the other way round. */
function beside(sort: SortName, step: 1 | -1, names: readonly SortName[]): SortName {
  const at = names.indexOf(sort);
  return names[(at + step + names.length) % names.length] ?? sort;
}
