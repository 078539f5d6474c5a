// Usage: interface-files.mjs [--check]
// Writes the tables of docs/reference/interface-files.md from the library's own (dist/). With --check it fails if they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { INTERFACE_FILES } = createRequire(import.meta.url)('../dist/cgroup.js');
const page = new URL('../docs/reference/interface-files.md', import.meta.url);

const FORMATS = {
  value: 'number',
  flag: 'boolean',
  'flat-keyed': '`FlatKeyed`',
  'nested-keyed': '`NestedKeyed`',
  'numa-v1': '`NestedKeyed`',
  pressure: '`Pressure`',
  'oom-control': '`OomControl`',
  pids: 'numbers',
  names: 'strings',
  text: 'string',
};

const WRITES = {
  size: 'size',
  count: "count or `'max'`",
  integer: 'integer',
  flag: 'boolean',
  reset: '0',
  trigger: '1',
  pid: 'id',
  text: 'string',
  held: 'not by `set()`',
  unsafe: 'not by `set()`',
};

function row([name, { read, write, unit = '', since, needs, in: place, meaning }]) {
  const kernel = [since, needs, place && (place === 'root' ? 'root only' : 'not in the root')]
    .filter(Boolean)
    .join(', ');
  const cells = [`\`${name}\``, read ? FORMATS[read] : '', write ? WRITES[write] : '', unit, kernel, meaning];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function table(version) {
  const head = ['| file | `get` | `set` | unit | Linux | |', '|---|---|---|---|---|---|'];
  return [...head, ...Object.entries(INTERFACE_FILES[version]).map(row)].join('\n');
}

const before = readFileSync(page, 'utf8');
const after = before.replaceAll(
  /(<!-- v([12]) -->\n\n)[\s\S]*?(\n*<!-- end -->)/g,
  (_, start, version) => `${start}${table(version)}\n\n<!-- end -->`,
);
if (!process.argv.includes('--check')) writeFileSync(page, after);
else if (before !== after)
  throw new Error(
    'docs/reference/interface-files.md is not what the tables of lib/cgroup/files say: npm run docs:interface-files',
  );
