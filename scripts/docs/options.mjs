// Usage: options.mjs [--check]
// Writes the tables of docs/reference/options.md, from the option types and option-facts.mjs. With --check it fails if they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { FAMILIES, GROUPS, TABLES } from './option-facts.mjs';
import { optionRows } from './option-rows.mjs';

const HEAD = ['option', 'what', 'v1', 'v2', 'polled', 'functions', 'default', 'Linux'];
const rows = optionRows();

function cells(row) {
  const { path, what, page, functions, v1, v2, polled, linux } = row;
  const around = rows.find((each) => each.path === row.around);
  const text = inShort(functions);
  const isAsAround = around !== undefined && inShort(around.functions) === text;
  return [`[\`${path}\`](${page})`, what, v1, v2, polled, isAsAround ? '' : text, defaultOf(row), linux];
}

function defaultOf({ functions, required, fallback }) {
  if (required.length === 0) return fallback;
  const others = functions.filter((name) => !required.includes(name));
  if (others.length === 0) return 'required';
  return required.length > others.length
    ? `required, but for ${inShort(others)}`
    : `${fallback}; required for ${inShort(required)}`;
}

/** `spawn` `run`; or: every start but `*Sync`; `createCage`. */
function inShort(functions) {
  const groups = Object.entries(GROUPS).flatMap(([group, names]) => {
    const missing = names.filter((name) => !functions.includes(name));
    if (missing.length > names.length / 2) return [];
    return [{ names, text: `[${group}](#functions)${missing.length > 0 ? ` but ${named(byFamily(missing))}` : ''}` }];
  });
  const others = functions.filter((name) => !groups.some(({ names }) => names.includes(name)));
  return [...groups.map(({ text }) => text), named(others)].filter((text) => text !== '').join('; ');
}

/** Whole families by their names. */
function byFamily(functions) {
  const whole = Object.entries(FAMILIES).filter(([, names]) => names.every((name) => functions.includes(name)));
  const others = functions.filter((name) => !whole.some(([, names]) => names.includes(name)));
  return [...others, ...whole.map(([family]) => family)];
}

function named(functions) {
  return functions.map((name) => `\`${name}\``).join(' ');
}

const legend = [
  ...Object.entries(GROUPS).map(([group, names]) => [group, named(byFamily(names))]),
  ...Object.entries(FAMILIES).map(([family, names]) => [named([family]), named(names)]),
];
const tables = TABLES.map(({ title, note }) => {
  const own = rows.filter((row) => row.title === title);
  return `## ${title}\n\n${note === undefined ? '' : `${note}\n\n`}${table([HEAD, ...own.map(cells)])}`;
});
const PARTS = { functions: table([['', 'stands for'], ...legend]), options: tables.join('\n\n') };

const page = new URL('../../docs/reference/options.md', import.meta.url);
const before = readFileSync(page, 'utf8');
const after = Object.entries(PARTS).reduce(withPart, before);
if (!process.argv.includes('--check')) writeFileSync(page, after);
else if (before !== after)
  throw new Error('docs/reference/options.md is not what the sources say: npm run docs:options');

/** With this between `<!-- NAME -->` and `<!-- end -->`. */
function withPart(text, [name, part]) {
  const [start, rest] = split(text, `<!-- ${name} -->\n`);
  const [, end] = split(rest, '<!-- end -->');
  return `${start}<!-- ${name} -->\n\n${part}\n\n<!-- end -->${end}`;
}

function split(text, mark) {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`docs/reference/options.md has no ${mark.trim()}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** A table of Markdown, from the cells of its rows. The first row is the head. */
function table([head, ...rows]) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
