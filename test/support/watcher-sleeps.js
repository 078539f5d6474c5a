// For fixtures that run under plain Node.
const { readFileSync, readdirSync } = require('node:fs');

/** How often the watcher's thread of this process has gone to sleep so far. */
module.exports = function watcherSleeps() {
  const threads = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/status`, 'utf8'));
  const status = threads.find((text) => text.startsWith('Name:\tmemcage-watch\n'));
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)[1]);
};
