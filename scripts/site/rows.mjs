// A code of an error, and an option, has an anchor at its row, to which you can link, and to which the search leads.

const FIRST = /^(code|option)$/;
const PAGES = /^docs\/reference\/(errors|options)\.md$/;

/** @param {import('vitepress').MarkdownRenderer} md */
export function linkRows(md) {
  md.core.ruler.push('rows', ({ tokens, env, Token }) => {
    if (!PAGES.test(env.relativePath)) return;
    const taken = new Set(tokens.map((token) => token.type === 'heading_open' && token.attrGet('id')));
    let isLinked = false;
    for (const [at, row] of tokens.entries()) {
      if (row.type !== 'tr_open') continue;
      const { children, content } = tokens[at + 2];
      if (tokens[at + 1].type === 'th_open') isLinked = FIRST.test(content);
      if (!isLinked || tokens[at + 1].type === 'th_open') continue;
      const name = children.find(({ type }) => type === 'code_inline').content;
      const id = [name, `option-${name}`].find((id) => !taken.has(id));
      if (id === undefined) continue;
      taken.add(id);
      row.attrSet('id', id);
      const link = new Token('html_inline', '', 0);
      link.content = `<a class="row-anchor" href="#${id}" aria-label="Link to ${name}">#</a>`;
      children.push(link);
    }
  });
}
