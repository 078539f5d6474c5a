import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

function matches(path: string, pattern: RegExp): string[] {
  return Array.from(readFileSync(join(ROOT, path), 'utf8').matchAll(pattern), ([, name = '']) => name);
}

test('native/launcher/README.md has the arguments that the launcher takes', () => {
  const sources = ['native/launcher/arguments.cc', 'native/launcher/root_arguments.cc'];
  const taken = sources.flatMap((path) => matches(path, /\bis\("([\w-]+)"\)/g));
  const inTable = matches('native/launcher/README.md', /^(\| `--.*?) \|/gm).join('\n');
  const told = Array.from(inTable.matchAll(/`--([\w-]+)/g), ([, name]) => name);
  expect(taken.length).toBeGreaterThan(20);
  expect([...new Set(told)].sort()).toEqual([...taken].sort());
});
