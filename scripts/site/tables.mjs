// Tables on a phone: a column gets the width that its longest cell needs, up to a bound that the style sheet sets, and what
// doesn't fit scrolls within the table. By itself a browser would make columns as narrow as their longest word.

/** @param {import('vitepress').MarkdownRenderer} md */
export function measureColumns(md) {
  md.core.ruler.push('table-columns', ({ tokens }) => {
    let heads = [];
    let column = 0;
    for (const [at, token] of tokens.entries()) {
      if (token.type === 'table_open') heads = [];
      if (token.type === 'tr_open') column = 0;
      if (token.type === 'th_open') heads.push({ token, characters: 0 });
      if (token.type === 'th_open' || token.type === 'td_open') {
        const head = heads[column++];
        head.characters = Math.max(head.characters, shownLength(tokens[at + 1]));
        head.token.attrSet('style', `--characters:${head.characters}`);
      }
    }
  });
}

const shownLength = ({ children }) =>
  children.reduce((sum, { type, content }) => (type === 'html_inline' ? sum : sum + content.length), 0);
