const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const { promisify } = require('node:util');
const { createCage } = require('memcage');
const { onNode } = require('../runtime.cjs');

const look = async () => (await promisify(execFile)('cat', ['/proc/self/cgroup'])).stdout;
const lookNow = () => execFileSync('cat', ['/proc/self/cgroup'], { encoding: 'utf8' });

exports['contain puts children of node:child_process in the cage'] = onNode(async () => {
  const cage = createCage({ memory: '50M' });
  try {
    const inside = await cage.contain(async () => [await look(), lookNow()]);
    const outside = [await look(), lookNow()];
    const isCaged = (text) => text.includes('/memcage-');
    assert.deepEqual([...inside, ...outside].map(isCaged), [true, true, false, false]);
  } finally {
    await cage.close();
  }
});
