// What the pages mean on GitHub and npm, for which they are written, and would not mean to VitePress.
import { posix } from 'node:path';

/** The anchor that GitHub gives a heading. */
export const anchor = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

/** @param {import('vitepress').MarkdownRenderer} md */
export function asOnGitHub(md) {
  // Before the rule that gives each heading its anchor.
  md.core.ruler.after('inline', 'typedoc-anchors', takeAnchors);
  md.core.ruler.after('inline', 'links', ({ tokens, env, Token }) => {
    for (const { children } of tokens) {
      if (children === null) continue;
      for (const token of children) if (token.type === 'link_open') retarget(token, env.relativePath);
      linkNames(children, env.relativePath, Token);
    }
  });
}

/** TypeDoc writes the anchor of a heading as HTML before it. The heading takes it, so that the page has it once. */
function takeAnchors(state) {
  for (let index = state.tokens.length - 1; index >= 3; index--) {
    const [, inline, , heading] = state.tokens.slice(index - 3, index + 1);
    const [, id] = /^<a id="([^"]+)"><\/a>$/.exec(inline.content) ?? [];
    if (id === undefined || heading.type !== 'heading_open') continue;
    heading.attrSet('id', id);
    state.tokens.splice(index - 3, 3);
  }
}

/** A README is the index of its folder, and a file that is no Markdown has a page made of it (sources.mjs). */
function retarget(token, page) {
  const href = token.attrGet('href');
  const [, path, rest] = /^([^#?]+)(.*)$/.exec(href) ?? [];
  if (path === undefined || /^([a-z]+:|\/)/.test(href)) return;
  const target = path.endsWith('.md') ? path.replace(/(^|\/)README\.md$/, '$1index.md') : `${path}.md`;
  token.attrSet('href', posix.relative(posix.dirname(page), posix.join(posix.dirname(page), target)) + rest);
}

/** The package has no CONTRIBUTING.md, so its README can only name the file. The site has it. */
function linkNames(children, page, Token) {
  const index = children.findIndex(({ type, content }) => type === 'code_inline' && content === 'CONTRIBUTING.md');
  if (index < 0 || page !== 'index.md') return;
  const open = new Token('link_open', 'a', 1);
  open.attrSet('href', 'CONTRIBUTING.md');
  children.splice(index, 1, open, children[index], new Token('link_close', 'a', -1));
}
