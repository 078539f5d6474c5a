import { pageText } from './doc-examples';

const PAGE = 'docs/reference/options.md';

/** A row of a table of docs/reference/options.md, with what its empty cells have from the row of the option around it. */
export interface OptionRow {
  /** The heading of its table. */
  table: string;
  /** The option, with those around it: `memory.max`. */
  path: string;
  /** Where its name leads to. */
  link: string;
  what: string;
  /** All of them by name, such as `spawn` and `cage.run`. */
  functions: string[];
  fallback: string;
  /** In a cgroup of that version, and where a cage is polled: `✓`, `✗`, or what holds. */
  v1: string;
  v2: string;
  polled: string;
  linux: string;
}

type Cells = [name: string, what: string, ...held: string[]];

export function optionTable(): OptionRow[] {
  const [start = '', ...tables] = pageText(PAGE).split(/^## /m);
  const letters = lettersIn(start);
  const rows: OptionRow[] = [];
  for (const text of tables) {
    const table = text.split('\n', 1)[0] ?? '';
    for (const cells of cellsIn(text).slice(1)) rows.push(rowOf(cells as Cells, { table, letters, before: rows }));
  }
  return rows;
}

function lettersIn(text: string): Map<string, string[]> {
  const rows = cellsIn(text).filter(([letter]) => /^[A-Z]$/.test(letter ?? ''));
  return new Map(rows.map(([letter = '', names = '']) => [letter, named(names)]));
}

interface Around {
  table: string;
  letters: Map<string, string[]>;
  before: readonly OptionRow[];
}

function rowOf([name, what, ...held]: Cells, { table, letters, before }: Around): OptionRow {
  const [, path = '', link = ''] = /^\[`([\w.*]+)`\]\((\S+)\)$/.exec(name) ?? [];
  if (path === '') throw new Error(`no option in ${name}`);
  const around = before.find((row) => row.table === table && path.startsWith(`${row.path}.`));
  const [v1 = '', v2 = '', polled = '', functions = '', fallback = '', linux = ''] = held;
  const own = [...(/^[A-Z]+/.exec(functions)?.[0] ?? '')].flatMap((letter) => letters.get(letter) ?? []);
  const all = functions === '' ? (around?.functions ?? []) : [...own, ...named(functions)];
  return {
    ...{ table, path, link, what, v1, v2, polled, linux },
    fallback: fallback === '' ? (around?.fallback ?? '') : fallback,
    functions: [...new Set(all)].sort(),
  };
}

function named(text: string): string[] {
  return [...text.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name);
}

function cellsIn(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  return lines.map((line) =>
    line
      .slice(2, -2)
      .split(/(?<!\\) \| ?/)
      .map((cell) => cell.trim()),
  );
}
