const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createCage, createLauncher } = require('memcage');
const { until } = require('../until.cjs');

exports['a cage reports a kill, and on cgroup v1 a threshold'] = async () => {
  const cage = createCage({ memory: '20M' });
  const launcher = createLauncher({ cage });
  try {
    const heard = new Set();
    const expected = new Set(['oom']);
    cage.on('oom', () => heard.add('oom'));
    if (cage.cgroup.version === 1) {
      cage.cgroup.addTrigger({ threshold: '10M' });
      cage.cgroup.on('threshold', () => heard.add('threshold'));
      expected.add('threshold');
    }
    const child = spawn(launcher.file, [...launcher.args, 'tail', '/dev/zero'], { stdio: 'ignore' });
    const [, signal] = await once(child, 'close');
    assert.equal(signal, 'SIGKILL');
    await until(() => heard.size === expected.size).catch(() => {});
    assert.deepEqual(heard, expected);
  } finally {
    await launcher.close();
    await cage.close();
  }
};

exports['watch samples a cage until it is closed'] = async () => {
  const cage = createCage({ memory: '20M' });
  const limits = [];
  for await (const { limitBytes } of cage.cgroup.watch({ intervalMs: 20, fields: ['limitBytes'] })) {
    limits.push(limitBytes);
    if (limits.length === 3) await cage.close();
  }
  assert.deepEqual(limits, Array(3).fill(20 * 2 ** 20));
};
