const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('memcage');
const { onNode } = require('../runtime.cjs');

const MEMORY = '50M';
const script = 'cat /proc/self/cgroup; exit 3';

function expectCaged(stdout, outcome) {
  assert.match(stdout, /\/memcage-/);
  const { exitCode, oom, memory } = outcome;
  assert.deepEqual({ exitCode, oom, limit: memory.limitBytes }, { exitCode: 3, oom: null, limit: 50 * 2 ** 20 });
  // Linux before 5.19 has no peak on cgroup v2.
  assert(memory.peakBytes === null || (memory.peakBytes > 0 && memory.peakBytes < memory.limitBytes));
}

exports['spawn puts a child under its limit, and tells the outcome'] = async () => {
  const child = spawn('sh', ['-c', script], { memory: MEMORY });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  const outcome = await child.outcome;
  expectCaged(output, outcome);
};

exports['spawnSync does the same'] = onNode(() => {
  const { stdout, outcome } = spawnSync('sh', ['-c', script], { memory: MEMORY, encoding: 'utf8' });
  expectCaged(stdout, outcome);
});
