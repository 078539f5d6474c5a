// The addon, and the tests' own addon that makes system calls fail, for fixtures that run under plain Node.
const { join } = require('node:path');

const root = join(__dirname, '../../..');

/** Options of a plain clone of /bin/true. */
const options = {
  file: '/bin/true',
  args: ['true'],
  env: ['PATH=/usr/bin:/bin'],
  stdio: [-1, -1, -1],
  detached: false,
  killWithParent: false,
  namespaces: 0,
  privateMounts: false,
  mountProc: false,
  loopback: false,
  joinFds: [],
  watchdogMs: 10_000,
};

module.exports = {
  native: require(join(root, 'build/Release/memcage.node')),
  faults: require(join(root, 'test/native/build/Release/faults.node')),
  options,
};
