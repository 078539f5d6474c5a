import type { CageOptions } from '../../cage/contract/cage';
import { invalidArgument } from '../../common/errors/argument-errors';
import { strict } from '../../common/options/accepted-options';
import { splitOptions } from './cage-options';

const called = strict('checkCageOptions', 'spawn');

/**
 * Check options of a cage without starting anything: throws what `spawn()` would throw for them, whatever this machine
 * can do. Use it to refuse options of a configuration or a command line where you read them.
 *
 * The errors are a TypeError or RangeError, with a `code` and the name of the option in the message (`memory.max`).
 */
export function checkCageOptions(options: CageOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  splitOptions(options, called);
}
