const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { until } = require('../until.cjs');

exports['the guardian ends the cages of a killed owner'] = async () => {
  const owner = spawn(process.execPath, [join(__dirname, '../owner.cjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = await Promise.race([once(owner.stdout, 'data'), once(owner, 'close').then(() => [null])]);
    assert(line !== null, 'the owner ended by itself');
    const { cage, pids } = JSON.parse(line);
    const places = [cage, dirname(cage), ...pids.map((pid) => `/proc/${pid}`)];
    assert.deepEqual(
      places.filter((path) => !existsSync(path)),
      [],
    );
    assert.equal(pids.length, 2);
    owner.kill('SIGKILL');
    await until(() => !places.some((path) => existsSync(path)), `gone are ${places.join(', ')}`);
  } finally {
    owner.kill('SIGKILL');
  }
};
