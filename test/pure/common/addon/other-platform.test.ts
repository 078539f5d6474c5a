/** @starts-children A Node that pretends to run on another platform. */

import { fixtureResult } from '../../../support/fixture';

const CALLS = ['spawn', 'fork', 'exec', 'execFile', 'spawnSync', 'run', 'createCage', 'prepare'];
const STATIC = ['self', 'of', 'open', 'find', 'create'].map((name) => `Cgroup.${name}`);

test('where there is no Linux, everything can be imported, and each call that needs it says so', async () => {
  const message = 'memcage needs Linux; this is darwin. Cure: run it in a virtual machine or a container with Linux';
  const error = { code: 'ERR_MEMCAGE_UNSUPPORTED', message };
  const expected = [...CALLS, ...STATIC, 'native'].map((name) => [name, error] as const);
  expect(await fixtureResult('bad-input/other-platform.js')).toEqual(Object.fromEntries(expected));
});
