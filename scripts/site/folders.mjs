// Who takes away the end of an address comes to a folder. It has no page of its own, and leads to its part of the index.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptionOf } from './description.mjs';

const description = descriptionOf('docs/README.md');

const FOLDERS = ['guides', 'reference', 'internals'];

export function writeFolders(directory) {
  for (const folder of FOLDERS) {
    mkdirSync(join(directory, 'docs', folder), { recursive: true });
    writeFileSync(join(directory, 'docs', folder, 'index.html'), leadTo(`../index.html#${folder}`));
  }
}

const leadTo = (address) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${address}">
<meta name="description" content="${description}">
<title>Documentation | memcage</title>
<a href="${address}">Documentation</a>
</html>
`;
