const assert = require('node:assert/strict');
const { run, spawn, spawnSync } = require('memcage');
const { onNode } = require('../runtime.cjs');

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

exports['spawnSync does too'] = onNode(() => expectVerdict(spawnSync(...greedy, options).outcome));

exports['a kill by anyone else is no verdict'] = async () => {
  const { signal, oom } = await run('sh', ['-c', 'kill -KILL $$'], { ...options, reject: false });
  assert.deepEqual([signal, oom], ['SIGKILL', null]);
};

exports['a runtime of JavaScript that takes too much is killed too'] = async () => {
  const script = 'const kept = []; for (;;) kept.push(Buffer.alloc(2 ** 20, 1))';
  const { oom } = await run(process.execPath, ['-e', script], { ...options, memory: '100M', reject: false });
  assert.equal(oom?.cause, 'limit');
};
