// The files beside the pages to which a page links, such as the examples. Each becomes a page of the site.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** As paths from the root of the repository. */
function pages() {
  const below = (directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${directory}/${name}`);
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...atRoot, ...below('docs'), ...below('examples'), ...below('test')];
}

/** @returns {{ path: string, markdown: string }[]} */
export function sources() {
  const targets = pages().flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?![a-z]+:|\/|#)([^)#]+)[^)]*\)/g)].map(([, target]) =>
      posix.join(posix.dirname(page), target),
    ),
  );
  const files = new Set(targets.filter((path) => !/\.(md|svg|png)$/.test(path) && existsSync(join(root, path))));
  return [...files].sort().map((path) => ({ path, markdown: markdownOf(path) }));
}

function markdownOf(path) {
  const text = readFileSync(join(root, path), 'utf8').trimEnd();
  const language = extname(path).replace(/^\.[mc]?/, '');
  return `# ${posix.basename(path)}\n\n\`${path}\` in the repository:\n\n\`\`\`\`${language}\n${text}\n\`\`\`\`\n`;
}
