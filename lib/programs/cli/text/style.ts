import { inspect } from 'node:util';

const STYLES = ['bold', 'dim', 'inverse', 'red', 'yellow', 'green', 'cyan'] as const;

export type Colors = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/**
 * Whether to write colours. FORCE_COLOR decides first, as in Node: `0` and `false` mean no, anything else yes, terminal
 * or not. Without it, terminals get colours, unless NO_COLOR is set or TERM is `dumb`.
 *
 * @see https://no-color.org
 */
export function wantsColors(isTerminal: boolean, env: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: terminal } = env;
  if (forced !== undefined) return !['0', 'false'].includes(forced);
  if (none !== undefined && none !== '') return false;
  return isTerminal && terminal !== 'dumb';
}

/** The width of a terminal; `Infinity` for anything else. A terminal may be said to have no columns: then that of a usual one. */
export function columnsOf({ isTTY, columns }: { isTTY?: boolean; columns?: number }): number {
  return isTTY === true ? columns || 80 : Number.POSITIVE_INFINITY;
}

export function colorsOf({ isTTY }: { isTTY?: boolean }): Colors {
  const wanted = wantsColors(isTTY === true);
  const entries = STYLES.map((name) => {
    const [on, off] = inspect.colors[name] ?? [];
    return [name, (text: string) => (wanted && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text)];
  });
  return Object.fromEntries(entries) as Colors;
}

/** The characters for bars, trees and shortened texts. */
export interface Charset {
  ellipsis: string;
  /** From empty to full. */
  bars: readonly string[];
  tree: TreeSigns;
}

interface TreeSigns {
  /** Before something that has others after it, and before the last. */
  branch: string;
  last: string;
  /** Below {@link branch}, before what is in it. */
  beside: string;
  open: string;
  closed: string;
}

const UTF8: Charset = {
  ellipsis: '…',
  bars: [...'▁▂▃▄▅▆▇█'],
  tree: { branch: '├─', last: '└─', beside: '│ ', open: '▾', closed: '▸' },
};
const ASCII: Charset = {
  ellipsis: '~',
  bars: [...'_.:-=+*#'],
  tree: { branch: '|-', last: '`-', beside: '| ', open: '-', closed: '+' },
};

/** Chooses by the locale: the first of these variables that is set and not empty, as in locale(7). */
export function charsetOf({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv = process.env): Charset {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? UTF8 : ASCII;
}
