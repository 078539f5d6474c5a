// What a page takes from another, so that it is written, and tested, in one place: the line
// `<!-- README.md#a-job-worker section -->` stands for all below that heading; `table` and `image` for the first of them, and
// `example` for the first JavaScript and what it prints. `table: A; B` takes two rows of a table, and
// `table: A; B | Node 24: first / second` besides of its columns that one, whose figures `1 / 2` get a column each.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { anchor as anchorOf } from './anchor.mjs';

const root = join(import.meta.dirname, '../..');

const QUOTE = /^<!-- ([^\s#]+\.md)(?:#(\S+))? (\w+)(?:: (.+))? -->$/gm;

/** @param {import('vitepress').MarkdownRenderer} md */
export function takeQuotes(md) {
  md.core.ruler.before('normalize', 'quotes', (state) => {
    state.src = state.src.replace(QUOTE, (_, path, anchor, kind, rows) => quote(md, path, anchor, kind, rows));
  });
}

function quote(md, path, anchor, kind, rows) {
  const text = readFileSync(join(root, path), 'utf8');
  const section = sectionOf(md.parse(text, { relativePath: path }), anchor);
  const place = anchor === undefined ? 'its title' : `#${anchor}`;
  const [begin, end] = linesOf(kind, section) ?? [];
  if (begin === undefined) throw new Error(`${path} has no ${kind} below ${place}`);
  const lines = text.split('\n').slice(begin, end);
  const taken = rows === undefined ? lines : partOf(lines, rows, `${path}, below ${place}`);
  return fromHere(taken.join('\n'), posix.join(posix.dirname(path), '/'));
}

/** VitePress looks for a page from where the first page will be, at the top, and for an image from where its source is. */
function fromHere(markdown, folder) {
  return markdown.replace(/(!\[[^\]]*)?\]\((?![a-z]+:|\/|#)/g, (_, image) =>
    image === undefined ? `](${folder}` : `${image}](${posix.join('../..', folder)}`,
  );
}

/** @returns the tokens below the heading, up to the next that is not below it */
function sectionOf(tokens, anchor) {
  if (anchor === undefined) return tokens;
  const isHeading = ({ type }) => type === 'heading_open';
  const begin = tokens.findIndex((token, at) => isHeading(token) && anchorOf(tokens[at + 1].content) === anchor);
  if (begin < 0) return [];
  const end = tokens.findIndex((token, at) => at > begin && isHeading(token) && token.tag <= tokens[begin].tag);
  return tokens.slice(begin, end < 0 ? undefined : end);
}

/** @returns the first line, and that after the last */
function linesOf(kind, section) {
  if (kind === 'section')
    return section.length > 0 ? [section[0].map[1], section.findLast(({ map }) => map).map[1]] : undefined;
  if (kind !== 'example') return section.find((token) => isOf(kind, token))?.map;
  const blocks = section.filter(({ type }) => type === 'fence');
  const at = blocks.findIndex(({ info }) => info.startsWith('js '));
  return at < 0 ? undefined : [blocks[at].map[0], blocks[at + 1].map[1]];
}

function isOf(kind, { type, children }) {
  if (kind === 'table') return type === 'table_open';
  return kind === 'image' && (children?.some((child) => child.type === 'image') ?? false);
}

function partOf(lines, wanted, place) {
  const [rows, column] = wanted.split(' | ');
  const taken = rowsOf(lines, rows.split('; '), place);
  return column === undefined ? taken : columnOf(taken, ...column.split(': '));
}

/** The first column, and the parts of the one with this head, in columns with these. */
function columnOf([head, , ...rows], name, heads) {
  const at = cellsOf(head).indexOf(name);
  const parts = [heads, ...rows.map((row) => cellsOf(row)[at])].map((text) => text.split(' / ').join(' | '));
  const [first, ...others] = [head, ...rows].map((row, index) => `| ${cellsOf(row)[0]} | ${parts[index]} |`);
  return [first, '|---'.repeat(first.split('|').length - 2).concat('|'), ...others];
}

const cellsOf = (row) =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The head of a table, and the rows that begin with these cells. */
function rowsOf([head, rule, ...rows], wanted, place) {
  const found = wanted.map((name) => rows.find((row) => row.startsWith(`| ${name} |`)));
  const lost = wanted.filter((_, at) => found[at] === undefined);
  if (lost.length > 0) throw new Error(`${place}, has no row '${lost[0]}'`);
  return [head, rule, ...found];
}
