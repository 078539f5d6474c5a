const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { native } = require('memcage/native');

exports['the addon is the prebuilt one'] = () => {
  assert(native.monotonicNs() > 0);
  const addons = readFileSync('/proc/self/maps', 'utf8').match(/\/\S*\.node$/gm);
  assert.deepEqual(
    new Set(addons?.map((path) => /\/memcage\/prebuilds\/linux-\w+\/memcage/.test(path))),
    new Set([true]),
  );
};
