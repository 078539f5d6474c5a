// The index lists pages by their short titles. Here each of docs/ has the first sentences of its page below that.
import { posix } from 'node:path';
import { descriptionOf } from './description.mjs';

export const INDEX = /^docs\/(index|README)\.md$/;

/** @param {import('vitepress').MarkdownRenderer} md */
export function summarize(md) {
  md.core.ruler.push('summaries', ({ tokens, env, Token }) => {
    if (!INDEX.test(env.relativePath)) return;
    for (const [at, token] of tokens.entries()) {
      if (token.type !== 'list_item_open') continue;
      const { children } = tokens[at + 2];
      const page = children.find(({ type }) => type === 'link_open').attrGet('href');
      if (page.startsWith('../')) continue;
      const text = descriptionOf(posix.join('docs', page.replace(/(^|\/)index\.md$/, '$1README.md')));
      if (text === undefined) continue;
      const summary = new Token('html_inline', '', 0);
      summary.content = `<span class="summary">${md.utils.escapeHtml(text)}</span>`;
      children.push(summary);
    }
  });
}
