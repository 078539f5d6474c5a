// Also for fixtures that run under plain Node.
const { readFileSync } = require('node:fs');

/** A file of a process or a thread, which may end at any time: undefined once it is gone. */
module.exports = function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(error.code)) return undefined;
    throw error;
  }
};
