const assert = require('node:assert/strict');

const isNode = process.versions.bun === undefined;

/** A check that needs Node's own child_process. Elsewhere memcage must refuse, as docs/reference/nodes.md says; then it gives back `refused`. */
exports.onNode = (check) => async () => {
  if (isNode) return check();
  await assert.rejects(async () => check(), { code: 'ERR_MEMCAGE_UNSUPPORTED_NODE' });
  return 'refused';
};
