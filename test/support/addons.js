// The addon, and the tests' own one that makes system calls fail, for fixtures that run under plain Node.
const { join } = require('node:path');

const root = join(__dirname, '../..');

module.exports = {
  native: require('node-gyp-build')(root),
  faults: require(join(root, 'test/native/build/Release/faults.node')),
};
