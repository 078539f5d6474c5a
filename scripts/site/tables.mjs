// Tables on a phone. Where you compare figures, the table stays one: a column gets the width that its longest cell needs, up
// to a bound that the style sheet sets, and what doesn't fit scrolls within the table. By itself a browser would make columns
// as narrow as their longest word. Where you read, each row becomes a paragraph: a cell is below the one before it, with
// the head of its column.

import { BREAKS, FITS } from './markdown.mjs';

/** @param {import('vitepress').MarkdownRenderer} md */
export function fitTables(md) {
  md.core.ruler.push('tables', ({ tokens }) => {
    for (const [at, token] of tokens.entries()) {
      if (token.type === 'table_open') arrange(token, tokens.slice(at, tokens.findIndex(isEnd(at))));
    }
  });
}

const isEnd = (begin) => (token, at) => at > begin && token.type === 'table_close';

function arrange(table, tokens) {
  const columns = columnsOf(tokens);
  const isRead = isToRead(columns);
  if (isRead) table.attrJoin('class', 'read');
  else table.attrSet('style', `--first:${columns[0].word}`);
  for (const { head, name, cells, longest, word } of columns) {
    head.attrSet('style', `--characters:${Math.max(longest, name.length)};--word:${word}`);
    for (const { cell, text } of isRead ? cells : []) {
      if (name !== '') cell.attrSet('data-head', name);
      if (longest <= SHORT || text.length <= VERY_SHORT) cell.attrJoin('class', 'short');
    }
  }
}

function columnsOf(tokens) {
  const columns = [];
  let at = 0;
  for (const [index, cell] of tokens.entries()) {
    const inline = tokens[index + 1];
    if (cell.type === 'tr_open') at = 0;
    if (cell.type === 'th_open') {
      const name = textOf(inline);
      columns.push({ head: cell, name, cells: [], longest: 0, word: longestWord(name), areFigures: true });
    }
    if (cell.type === 'td_open') add(columns[at++], cell, textOf(inline));
  }
  return columns;
}

function add(column, cell, text) {
  column.cells.push({ cell, text });
  column.longest = Math.max(column.longest, text.length);
  column.word = Math.max(column.word, longestWord(text));
  column.areFigures &&= /^[\d.,]+\b/.test(text);
}

/** Cells are beside each other if all of their column have so few characters, */
const SHORT = 13;
/** or they themselves: a `no` among reasons. */
const VERY_SHORT = 4;

/** Two columns fit as they are, unless the first is a wide one, and figures are compared. */
function isToRead([first, ...columns]) {
  const width = columns.reduce((sum, { name, longest }) => sum + Math.max(name.length, longest), 0);
  const isWide = columns.length > 1 || first.longest > FITS;
  return isWide && width > 30 && !columns.every(({ areFigures }) => areFigures);
}

const textOf = ({ children }) =>
  children
    .filter(({ type }) => type !== 'html_inline')
    .map(({ content }) => content)
    .join('');

const longestWord = (text) =>
  Math.max(
    0,
    ...text
      .split(/\s/)
      .flatMap((word) => (word.length > FITS ? word.split(BREAKS) : word))
      .map(({ length }) => length),
  );
