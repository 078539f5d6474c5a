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
  const tables = pageText(PAGE)
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ title: text.split('\n', 1)[0] ?? '', cells: cellsIn(text).slice(1) }));
  const legend = tables.find(({ title }) => title === 'Functions');
  const functions = new Functions(legend?.cells ?? []);
  const rows: OptionRow[] = [];
  for (const { title: table, cells } of tables.filter((each) => each !== legend)) {
    for (const row of cells) rows.push(rowOf(row as Cells, { table, functions, before: rows }));
  }
  return rows;
}

/** By what stands for them: `*Sync`, or words such as "every start". */
class Functions {
  readonly #legend: Map<string, string[]>;

  constructor(rows: readonly string[][]) {
    this.#legend = new Map(rows.map(([short = '', names = '']) => [short.replaceAll('`', ''), quoted(names)]));
  }

  /** Of a cell such as "[every start](#functions) but `*Sync`; `createCage`". */
  in(cell: string): string[] {
    return cell.split('; ').flatMap((part) => {
      const [, group, but = ''] = /^\[([\w ]+)\]\(#functions\)(?: but (.+))?$/.exec(part) ?? [];
      if (group === undefined) return quoted(part);
      const not = quoted(but).flatMap((name) => this.#all(name));
      return this.#all(group).filter((name) => !not.includes(name));
    });
  }

  #all(short: string): string[] {
    return this.#legend.get(short)?.flatMap((name) => this.#all(name)) ?? [short];
  }
}

interface Around {
  table: string;
  functions: Functions;
  before: readonly OptionRow[];
}

function rowOf([name, what, ...held]: Cells, { table, functions, before }: Around): OptionRow {
  const [, path = '', link = ''] = /^\[`([\w.*]+)`\]\((\S+)\)$/.exec(name) ?? [];
  if (path === '') throw new Error(`no option in ${name}`);
  const around = before.find((row) => row.table === table && path.startsWith(`${row.path}.`));
  const [v1 = '', v2 = '', polled = '', takers = '', fallback = '', linux = ''] = held;
  const all = takers === '' ? (around?.functions ?? []) : functions.in(takers);
  return {
    ...{ table, path, link, what, v1, v2, polled, linux },
    fallback: fallback === '' ? (around?.fallback ?? '') : fallback,
    functions: [...new Set(all)].sort(),
  };
}

function quoted(text: string): string[] {
  return [...text.matchAll(/`([\w.*]+)`/g)].map(([, name = '']) => name);
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
