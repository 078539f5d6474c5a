const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('memcage');

// Keeps what it has read until there is a line, and there is none.
const greedy = ['tail', ['/dev/zero']];
const options = { memory: '20M', stdio: 'ignore' };

function expectVerdict({ signal, oom }) {
  assert.equal(signal, 'SIGKILL');
  assert.deepEqual({ cause: oom?.cause, limit: oom?.limitBytes }, { cause: 'limit', limit: 20 * 2 ** 20 });
  assert(oom.kills >= 1);
}

exports['spawn tells that memory killed a child'] = async () => {
  expectVerdict(await spawn(...greedy, options).outcome);
};

exports['spawnSync does too'] = () => expectVerdict(spawnSync(...greedy, options).outcome);

exports['a kill by anyone else is no verdict'] = () => {
  const { signal, outcome } = spawnSync('sh', ['-c', 'kill -KILL $$'], options);
  assert.deepEqual([signal, outcome.oom], ['SIGKILL', null]);
};

exports['a runtime of JavaScript that takes too much is killed too'] = () => {
  const script = 'const kept = []; for (;;) kept.push(Buffer.alloc(2 ** 20, 1))';
  const { outcome } = spawnSync(process.execPath, ['-e', script], { ...options, memory: '100M' });
  assert.equal(outcome.oom?.cause, 'limit');
};
