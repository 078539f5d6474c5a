// Loaded first into each Node process of a suite (NODE_OPTIONS). The program runs within contain() for as long as it
// lives: whatever it starts through child_process is in its cage, which is nested in that of its parent.
const { appendFileSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { isMainThread } = require('node:worker_threads');

function containMain() {
  const { createCage } = require('../../dist/index.js');
  // Read here, for the program under test may change its environment.
  const { MEMCAGE_SUITES_LOG: log, MEMCAGE_SUITES_MEMORY: memory } = process.env;
  const { runMain } = Module;
  // The one function of Node's start that a preloaded module may replace, for CommonJS and for modules.
  Module.runMain = function (...args) {
    const cage = createCage({ memory });
    return cage.contain(() => Reflect.apply(runMain, this, args), { threads: 'allow' });
  };
  if (log === undefined) return;
  // A cage has a pid in its name. The cgroups in which memcage's own tests run have none there.
  const isCaged = /\/memcage-\d/.test(readFileSync('/proc/self/cgroup', 'latin1'));
  appendFileSync(log, isCaged ? 'caged\n' : 'not caged\n');
}

// A thread is no process: contain() does not hold it, and it has contexts of its own.
if (isMainThread) containMain();
