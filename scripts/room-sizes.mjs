// Usage: room-sizes.mjs
// Prints how many files each room of lib/ and native/ has, and fails when one has more than 20. Who adds a file to a full room
// finds the two rooms that it has become. A .cc and its .h are one.
import { readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';

const MOST = 20;

const root = join(import.meta.dirname, '..');
const rooms = new Map();
for (const top of ['lib', 'native']) {
  for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(m?ts|cc|h)$/.test(entry.name)) continue;
    const room = relative(root, entry.parentPath);
    rooms.set(room, (rooms.get(room) ?? new Set()).add(entry.name.slice(0, -extname(entry.name).length)));
  }
}

const sizes = [...rooms].map(([room, files]) => [room, files.size]).sort();
console.log(sizes.map(([room, size]) => `${room} ${size}`).join(', '));
const full = sizes.filter(([, size]) => size > MOST);
for (const [room, size] of full) console.error(`${room} has ${size} files: ${MOST} at most`);
process.exitCode = full.length > 0 ? 1 : 0;
