// The page of all options is too wide for an outline beside it. It gets one above its first section, which stays in sight.
import { anchor } from './anchor.mjs';

export const WIDE = 'docs/reference/options.md';

/** @param {import('vitepress').MarkdownRenderer} md */
export function listSections(md) {
  md.core.ruler.push('sections', ({ tokens, env, Token }) => {
    if (env.relativePath !== WIDE) return;
    const isSection = ({ type, tag }) => type === 'heading_open' && tag === 'h2';
    const names = tokens.flatMap((token, at) => (isSection(token) ? [tokens[at + 1].content] : []));
    const links = names.map((name) => `<a href="#${anchor(name)}">${name}</a>`);
    const list = new Token('html_block', '', 0);
    list.content = `<nav class="sections" aria-label="Sections">${links.join(' ')}</nav>\n`;
    tokens.splice(tokens.findIndex(isSection), 0, list);
  });
}
