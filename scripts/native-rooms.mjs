// Usage: native-rooms.mjs
// Fails when a file of native/ includes what its room may not, or when files include each other in a circle.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What each room may include: rooms, or single headers, of those before it. Only `binding` has Node-API. */
const ROOMS = {
  sys: [],
  cgroup: ['sys'],
  systemd: ['sys'],
  clone: ['sys'],
  watch: ['sys', 'cgroup', 'clone'],
  guardian: ['sys', 'clone'],
  starter: ['sys', 'clone'],
  launcher: [
    'sys',
    'cgroup',
    'clone',
    'guardian/note.h',
    'guardian/notes.h',
    'guardian/protocol.h',
    'starter/protocol.h',
  ],
  binding: ['sys', 'cgroup', 'systemd', 'clone', 'watch', 'guardian', 'starter'],
};

const root = join(import.meta.dirname, '../native');
const faults = [];

const rooms = Object.keys(ROOMS);
for (const [index, room] of rooms.entries()) {
  for (const allowed of ROOMS[room]) {
    if (!rooms.slice(0, index).includes(allowed.split('/')[0]))
      faults.push(`${room} may include ${allowed}: not before it`);
  }
}

/** The headers that each file includes. */
const includes = new Map();
const files = readdirSync(root, { recursive: true }).filter((file) => /\.(cc|h)$/.test(file));
for (const file of files) {
  const room = dirname(file);
  if (!Object.hasOwn(ROOMS, room)) faults.push(`${file}: in no room of ${import.meta.filename}`);
  const text = readFileSync(join(root, file), 'utf8');
  if (room !== 'binding' && /napi/i.test(text)) faults.push(`${file}: Node-API stays in binding`);
  const ours = [...text.matchAll(/^#include "(.+)"/gm)].map(([, header]) => header);
  includes.set(file, ours);
  for (const header of ours) {
    const isAllowed = [room, ...(ROOMS[room] ?? [])].some((one) => one === header || one === dirname(header));
    if (!isAllowed || !files.includes(header)) faults.push(`${file}: may not include ${header}`);
  }
}

const done = new Set();
function follow(file, way) {
  if (way.includes(file)) faults.push(`a circle: ${[...way.slice(way.indexOf(file)), file].join(' -> ')}`);
  if (way.includes(file) || done.has(file)) return;
  for (const header of includes.get(file) ?? []) follow(header, [...way, file]);
  done.add(file);
}
for (const file of files) follow(file, []);

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
