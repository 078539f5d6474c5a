import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TABLES = join(__dirname, '../../fixtures/kernel');

/** By name. In a table, a text is all that follows its line `== NAME`, up to the next one. */
const texts = new Map(
  readdirSync(TABLES)
    .flatMap((table) => readFileSync(join(TABLES, table), 'utf8').split(/^== /m).slice(1))
    .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
);

/** Text as the kernel wrote it: a file of a cgroup, or what a process of a host or a container reads in /proc/self. */
export function kernelText(name: string): string {
  const text = texts.get(name);
  if (text === undefined) throw new Error(`No text of the kernel is named ${name}`);
  return text;
}
