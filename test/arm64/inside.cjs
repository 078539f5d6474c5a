// Usage: inside.cjs MACHINE (in the directory that run.mjs has made)
// Runs the smoke suite there, once it has said on what.
const { join } = require('node:path');
const { surroundings } = require('../support/surroundings.cjs');

const seen = surroundings({ machine: process.argv[2], node: process.versions.node });
console.log(`# on ${JSON.stringify(seen)}`);
require(join(process.cwd(), 'smoke/main.cjs'));
