// Usage: inside.cjs MACHINE (in the directory that run.mjs has made)
// Runs the smoke suite there, once it has said on what, for docs/tested.md (as test/setup/surroundings.ts writes it).
const { readFileSync } = require('node:fs');
const { release, userInfo } = require('node:os');
const { join } = require('node:path');

const groups = readFileSync('/proc/self/cgroup', 'utf8');
const isV1 = /^\d+:([^:]*,)?memory[,:]/m.test(groups);
const surroundings = {
  date: new Date().toISOString().slice(0, 10),
  kernel: release(),
  machine: process.argv[2],
  cgroup: isV1 ? `v1${/^0::/m.test(groups) ? ', hybrid' : ''}` : 'v2',
  init: 'no systemd',
  distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
  node: process.versions.node,
  user: userInfo().uid === 0 ? 'root' : 'not root',
};
console.log(`# on ${JSON.stringify(surroundings)}`);
require(join(process.cwd(), 'smoke/main.cjs'));
