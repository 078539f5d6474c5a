import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { invalid } from './invalid.js';

export interface ProcessorFile {
  /** For errors. */
  name: string;
  href: string;
}

/** The endings that BullMQ knows. To others it adds `.js`. */
const ENDINGS = ['.js', '.ts', '.flow', '.cjs', '.mjs', '.mts', '.cts'];

/** @throws TypeError if there is no such file */
export function findProcessor(file: unknown, { looked }: { looked: boolean }): ProcessorFile {
  if (typeof file !== 'string' && !(file instanceof URL)) throw invalid('file', 'a path or a file: URL', file);
  const path = pathOf(file);
  const full = typeof file !== 'string' || ENDINGS.includes(extname(path)) ? path : `${path}.js`;
  if (looked && !existsSync(full)) throw invalid('file', 'the path of a file that exists', full);
  return { name: basename(full), href: pathToFileURL(full).href };
}

function pathOf(file: string | URL): string {
  if (file instanceof URL || file.startsWith('file:')) {
    const url = new URL(file);
    if (url.protocol !== 'file:') throw invalid('file', 'a path or a file: URL', url.href);
    return fileURLToPath(url);
  }
  return resolve(file);
}
