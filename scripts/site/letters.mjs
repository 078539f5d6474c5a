// In the table of all options a letter stands for functions. Where it is used, its title says which: by then the table that
// explains the letters, the first of the page, has scrolled away.

/** @param {import('vitepress').MarkdownRenderer} md */
export function nameLetters(md) {
  md.core.ruler.push('letters', ({ tokens }) => {
    const end = tokens.findIndex(({ type }) => type === 'table_close');
    const legend = tokens
      .slice(0, Math.max(end, 0))
      .flatMap((token, at) => (isLetter(token) ? [[token.content, at]] : []));
    const names = new Map(legend.map(([letter, at]) => [letter, namesIn(tokens, at)]));
    for (const { type, children } of tokens.slice(end)) {
      const [first] = type === 'inline' ? children : [];
      const letters = first?.type === 'text' ? [...first.content.trim()] : [];
      if (letters.length === 0 || !letters.every((letter) => names.has(letter))) continue;
      const title = letters.map((letter) => `${letter}: ${names.get(letter)}`).join('&#10;');
      first.type = 'html_inline';
      first.content = `<abbr title="${title}">${letters.join('')}</abbr> `;
    }
  });
}

const isLetter = ({ type, content }) => type === 'inline' && /^[A-Z]$/.test(content);

/** What is in the cell after that of the letter. */
const namesIn = (tokens, at) => tokens[at + 3].content.replaceAll('`', '').replaceAll(' ', ', ');
