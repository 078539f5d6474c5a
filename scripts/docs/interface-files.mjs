// Usage: interface-files.mjs [--check]
// Writes the tables of docs/reference/interface-files.md from the library's own (dist/). With --check it fails if they differ.
import { createRequire } from 'node:module';
import { table, writeParts } from './generated.mjs';

const { INTERFACE_FILES } = createRequire(import.meta.url)('../../dist/cgroup.js');

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
  return [`\`${name}\``, read ? FORMATS[read] : '', write ? WRITES[write] : '', unit, kernel, meaning];
}

const HEAD = ['file', '`get`', '`set`', 'unit', 'Linux', ''];
const tableOf = (version) => table([HEAD, ...Object.entries(INTERFACE_FILES[version]).map(row)]);
writeParts('docs/reference/interface-files.md', { v1: tableOf(1), v2: tableOf(2) }, 'docs:interface-files');
