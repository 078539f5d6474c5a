import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { testRows } from '../../support/rows';

const fixture = join(__dirname, '../../fixtures/native/odd-arguments.js');
const INVALID = 'threw ERR_MEMCAGE_INVALID_ARGUMENT';

// Each in a process of its own, which an addon could end, or hang. test/fuzz tries many more, without Node.
testRows(
  'odd arguments of the addon neither end the process nor hang it',
  [
    ['long strings', INVALID],
    ['long numbers', INVALID],
    ['long spare', INVALID],
    // It and its copies take 2 GiB.
    ...(totalmem() > 8 * 2 ** 30 ? [['longest path', 'threw ENAMETOOLONG'] as const] : []),
    ['thorny exception', 'threw the proxy'],
    ['thorny element', 'threw the proxy'],
    ['detached fds', 'returned 0'],
    ['throwing input', 'threw from the getter'],
    ['no meter', 'returned null'],
    ['no meter to stop', 'returned null'],
  ],
  ([name, came]) => {
    const { signal, stdout } = spawnSync(process.execPath, [fixture, name], { encoding: 'utf8', timeout: 20_000 });
    expect({ signal, stdout }).toEqual({ signal: null, stdout: came });
  },
  { name: ([name]) => name },
);
