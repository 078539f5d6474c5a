// Runs the checks one after the other (by main.cjs).
const { inspect } = require('node:util');
const { CHECKS_MS } = require('./deadline.cjs');

const checks = Object.entries({
  ...require('./checks/addon.cjs'),
  ...require('./checks/spawn.cjs'),
  ...require('./checks/oom.cjs'),
  ...require('./checks/contain.cjs'),
  ...require('./checks/launcher.cjs'),
  ...require('./checks/guardian.cjs'),
  ...require('./checks/watch.cjs'),
});

const deadlineMs = Math.floor(CHECKS_MS / checks.length);

async function main() {
  // A runtime that has nothing left to wait for ends without an error, whatever is not done.
  process.exitCode = 1;
  // The last one is main.cjs's own.
  console.log(`1..${checks.length + 1}`);
  let hasFailed = false;
  for (const [name, check] of checks) {
    try {
      const note = await inTime(check);
      console.log(`ok - ${name}${note === undefined ? '' : `: ${note}`}`);
    } catch (error) {
      hasFailed = true;
      console.log(`not ok - ${name}`);
      console.log(inspect(error).replace(/^/gm, '# '));
    }
  }
  if (!hasFailed) process.exitCode = 0;
}

async function inTime(check) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}

main();
