// For fixtures that run under plain Node.
const { readdirSync } = require('node:fs');
const readIfThere = require('./read-if-there.js');

/** How often the watcher's thread of this process has gone to sleep so far. */
module.exports = function watcherSleeps() {
  const threads = readdirSync('/proc/self/task').map((id) => readIfThere(`/proc/self/task/${id}/status`));
  const status = threads.find((text) => text?.startsWith('Name:\tmemcage-watch\n'));
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)[1]);
};
