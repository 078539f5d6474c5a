// What a page takes from another, so that it is written, and tested, in one place: the line
// `<!-- README.md#a-job-worker js -->` stands for the first block of JavaScript below that heading, with its output.
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
  const first = section.findIndex((token) => isOf(kind, token));
  const place = anchor === undefined ? 'its title' : `#${anchor}`;
  if (first < 0) throw new Error(`${path} has no ${kind} below ${place}`);
  const [begin, end] = section[first].map;
  const next = section[first + 1];
  const last = /\boutput$/.test(next?.info) ? next.map[1] : end;
  const lines = text.split('\n').slice(begin, last);
  const taken = rows === undefined ? lines : rowsOf(lines, rows.split('; '), `${path}, below ${place}`);
  // VitePress looks for a page from where the first page will be, at the top, and for an image from where its source is.
  const folder = posix.join(kind === 'image' ? '../..' : '.', posix.dirname(path), '/');
  return taken.join('\n').replace(/\]\((?![a-z]+:|\/|#)/g, `](${folder}`);
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

function isOf(kind, { type, info, children }) {
  if (kind === 'table') return type === 'table_open';
  if (kind === 'image') return children?.some((child) => child.type === 'image') ?? false;
  return type === 'fence' && info.split(' ')[0] === kind;
}

/** The head of a table, and the rows that begin with these cells. */
function rowsOf([head, rule, ...rows], wanted, place) {
  const found = wanted.map((name) => rows.find((row) => row.startsWith(`| ${name} |`)));
  const lost = wanted.filter((_, at) => found[at] === undefined);
  if (lost.length > 0) throw new Error(`${place}, has no row '${lost[0]}'`);
  return [head, rule, ...found];
}
