// The page for a wrong address. A server shows it at that address, which may be at any depth, so nothing of it can lie
// beside it, and a script in it looks for the site.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const mark = join(import.meta.dirname, '../../docs/images/mark.svg');

export function writeNotFound(directory) {
  const page = readFileSync(join(import.meta.dirname, 'not-found.html'), 'utf8');
  const font = readdirSync(join(directory, 'assets')).find((name) => /^inter-roman-latin\..*woff2$/.test(name));
  writeFileSync(
    join(directory, '404.html'),
    page.replace('<!-- mark -->', readFileSync(mark, 'utf8').trim()).replace('FONT', `assets/${font}`),
  );
  // What the script looks for.
  copyFileSync(mark, join(directory, 'mark.svg'));
}
