// Runs the checks one after the other (by main.cjs).
const { setTimeout: sleep } = require('node:timers/promises');
const { inspect } = require('node:util');

const DEADLINE_MS = 40_000;

const checks = {
  ...require('./checks/addon.cjs'),
  ...require('./checks/spawn.cjs'),
  ...require('./checks/oom.cjs'),
  ...require('./checks/contain.cjs'),
  ...require('./checks/launcher.cjs'),
  ...require('./checks/guardian.cjs'),
  ...require('./checks/watch.cjs'),
};

async function main() {
  for (const [name, check] of Object.entries(checks)) {
    try {
      const note = await inTime(check());
      console.log(`ok - ${name}${note === undefined ? '' : `: ${note}`}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`not ok - ${name}`);
      console.log(inspect(error).replace(/^/gm, '# '));
    }
  }
}

function inTime(result) {
  const late = sleep(DEADLINE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`not done after ${DEADLINE_MS} ms`);
  });
  return Promise.race([result, late]);
}

main();
