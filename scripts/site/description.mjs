// What a search engine shows of a page: its first paragraph.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** @returns `undefined` of a page without one */
export function descriptionOf(path) {
  const [, ...blocks] = readFileSync(join(root, path), 'utf8')
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .split(/^# .*$/m);
  const paragraph = blocks
    .join('')
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .find((block) => /^[\p{L}`[*]/u.test(block) && !block.startsWith('```') && !block.startsWith('* '));
  return paragraph === undefined ? undefined : inShort(withoutMarks(paragraph));
}

const withoutMarks = (markdown) =>
  markdown
    .replace(/<[^>]*>/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]|\\(?=[<>_|])/g, '')
    .replace(/\s+/g, ' ');

/** Whole sentences while there is room, at least the first. */
function inShort(text) {
  const [first, ...others] = text.replace(/:$/, '.').split(/(?<=[.?!]) (?=\p{Lu})/u);
  let short = first;
  for (const sentence of others) {
    if (short.length + sentence.length > ROOM) break;
    short += ` ${sentence}`;
  }
  return short;
}

const ROOM = 170;
