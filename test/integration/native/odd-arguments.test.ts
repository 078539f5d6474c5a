import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { drawn } from '../../support/drawn';
import { testRows } from '../../support/rows';

const fixture = join(__dirname, '../../fixtures/native/odd-arguments.js');
const INVALID = 'threw ERR_MEMCAGE_INVALID_ARGUMENT';

// In a process of their own, which an addon could end, or hang. test/fuzz tries many more, without Node.
testRows<[string, string][][]>(
  'odd arguments of the addon neither end the process nor hang it',
  [
    [
      [
        ['long strings', INVALID],
        ['long numbers', INVALID],
        ['long spare', INVALID],
        ['thorny exception', 'threw the proxy'],
        ['thorny element', 'threw the proxy'],
        ['detached fds', 'returned 0'],
        ['throwing input', 'threw from the getter'],
        ['no meter', 'returned null'],
        ['no meter to stop', 'returned null'],
      ],
    ],
    // It and its copies take 2 GiB, and two seconds of a processor: in the gate one time of four.
    ...(totalmem() > 8 * 2 ** 30 && drawn([true, false, false, false], 1, 'longest').includes(true)
      ? [[[['longest path', 'threw ENAMETOOLONG']]] as [string, string][][]]
      : []),
  ],
  ([all = []]) => {
    const words = [fixture, ...all.map(([name]) => name)];
    const { signal, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 20_000 });
    const told = stdout.split('\n');
    expect({ signal, came: all.map(([name], index) => [name, told[index]]) }).toEqual({ signal: null, came: all });
  },
  { name: ([all = []]) => all.map(([name]) => name).join(', ') },
);
