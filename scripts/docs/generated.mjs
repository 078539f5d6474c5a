import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes what is between `<!-- NAME -->` and `<!-- end -->` of a page. With `--check` it throws if that is not what is there.
 *
 * @param page its path from the root of the repository
 * @param parts the text by NAME
 * @param command the script of package.json that writes it
 */
export function writeParts(page, parts, command) {
  const file = new URL(`../../${page}`, import.meta.url);
  const before = readFileSync(file, 'utf8');
  const after = Object.entries(parts).reduce((text, [name, part]) => {
    const [start, rest] = split(text, `<!-- ${name} -->\n`, page);
    const [, end] = split(rest, '<!-- end -->', page);
    return `${start}<!-- ${name} -->\n\n${part}\n\n<!-- end -->${end}`;
  }, before);
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (before !== after) throw new Error(`${page} is not what the sources say: npm run ${command}`);
}

function split(text, mark, page) {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`${page} has no ${mark.trim()}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** A table of Markdown, from the cells of its rows. The first row is the head. */
export function table([head, ...rows]) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
