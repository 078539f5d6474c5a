import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NATIVE = join(__dirname, '../../../../native');

test('each system call that is made by number has a name for who is told of its refusal', () => {
  const read = (file: string): string => readFileSync(join(NATIVE, file), 'utf8');
  const named = [...read('sys/call_names.h').matchAll(/^ {2}X\((\w+)\)/gm)].map(([, name]) => name);
  const files = readdirSync(NATIVE, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => /\.(cc|h)$/.test(file) && !file.endsWith('call_names.h'));
  const made = sources.flatMap((file) => [...read(file).matchAll(/\bSYS_(\w+)/g)].map(([, name]) => name));
  expect(new Set(made).size).toBeGreaterThan(50);
  expect([...new Set(made)].filter((name) => !named.includes(name)).sort()).toEqual([]);
});
