// Looks at the site that VitePress has built (build/site): every link leads to a file and an anchor that are there,
// no page has an anchor twice, and nothing is loaded from elsewhere. VitePress itself looks only for pages.
// If all is well, it leaves build/site.checked, by which a test knows that it need not build the site again.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const directory = join(import.meta.dirname, '../../build/site');
const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
// A server shows 404.html at any depth, where nothing can be beside it. What it links to, its script finds.
const pages = new Map(names.filter((name) => name !== '404.html').map((name) => [name, parse(name)]));
const faults = [...pages].flatMap(([name, page]) =>
  [...twice(page), ...dead(name, page)].map((it) => `${name}: ${it}`),
);
faults.push(
  ...parse('404.html')
    .loaded.filter((path) => !path.startsWith('data:'))
    .map((path) => `404.html: loads ${path}`),
);
if (pages.size < 50) faults.push(`only ${pages.size} pages in ${directory}`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  process.exitCode = 1;
} else {
  writeFileSync(`${directory}.checked`, '');
  console.log(`${pages.size} pages, and every link and anchor is there.`);
}

function parse(name) {
  const tags = readFileSync(join(directory, name), 'utf8').match(/<[a-z][^>]*>/g) ?? [];
  const values = (pattern) => tags.flatMap((tag) => [...tag.matchAll(pattern)].map(([, value]) => value));
  return {
    ids: values(/ id="([^"]*)"/g),
    links: tags.filter((tag) => tag.startsWith('<a ')).flatMap((tag) => / href="([^"]*)"/.exec(tag)?.[1] ?? []),
    loaded: tags
      .filter((tag) => !tag.startsWith('<a '))
      .flatMap((tag) => / (?:href|src)="([^"]*)"/.exec(tag)?.[1] ?? []),
  };
}

function twice({ ids }) {
  return ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `two anchors #${id}`);
}

function dead(name, { links, loaded }) {
  const lost = [...new Set(links)].filter((link) => !/^(https?|mailto):/.test(link) && !leadsSomewhere(name, link));
  const missing = loaded.filter(
    (path) => !path.startsWith('data:') && !existsSync(join(directory, posix.dirname(name), path)),
  );
  return [...lost.map((link) => `no ${link}`), ...missing.map((path) => `loads ${path}`)];
}

function leadsSomewhere(name, link) {
  const [path, anchor] = link.replaceAll('&amp;', '&').split('#', 2).map(decodeURIComponent);
  const target = path === '' ? name : posix.join(posix.dirname(name), path);
  if (!target.endsWith('.html')) return existsSync(join(directory, target));
  const page = pages.get(target);
  return page !== undefined && (anchor === undefined || page.ids.includes(anchor));
}
