// What the pages mean on GitHub and npm, for which they are written, and would not mean to VitePress.
import { posix } from 'node:path';

/** @param {import('vitepress').MarkdownRenderer} md */
export function asOnGitHub(md) {
  // Before the rule that gives each heading its anchor.
  md.core.ruler.after('inline', 'typedoc-anchors', takeAnchors);
  md.core.ruler.after('inline', 'links', ({ tokens, env }) => {
    for (const { children } of tokens) {
      if (children === null) continue;
      for (const token of children) if (token.type === 'link_open') retarget(token, env.relativePath);
    }
  });
  // The site shows the language of a block. Here it is that of what the block before it prints (test/README.md).
  md.core.ruler.push('outputs', ({ tokens }) => {
    for (const token of tokens) if (token.info.startsWith('text output')) token.info = 'output';
  });
  // A phone would break it after its dashes. A line of options it must.
  md.core.ruler.push('options', ({ tokens }) => {
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        if (token.type === 'code_inline' && /^-.{0,30}$/.test(token.content)) token.attrSet('class', 'option');
      }
    }
  });
  const { text, code_inline: code } = md.renderer.rules;
  md.renderer.rules.text = (...all) => withoutBraces(text(...all)).replace(/(?<=[A-Z]_)(?=[A-Z])/g, '<wbr>');
  md.renderer.rules.code_inline = (tokens, at, ...rest) => {
    const html = withoutBraces(code(tokens, at, ...rest));
    return tokens[at].content.length > FITS ? html.replace(BREAKS, '<wbr>') : html;
  };
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

/** Two braces are an expression to Vue. */
const withoutBraces = (html) => html.replaceAll('{{', '&#123;&#123;');

/** A line of a phone has room for so many letters of code, in a table too. */
export const FITS = 24;

/** Where a longer name may break: its parts are names too, but half of a word would read as another. */
export const BREAKS = /(?<=\w[._/(])(?=[\w'{[])/g;
