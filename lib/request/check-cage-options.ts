import type { CageOptions } from '../contract/cage';
import { invalidArgument } from '../errors/errors';
import { strict } from '../options/called';
import { splitOptions } from './cage-options';

const called = strict('checkCageOptions', 'spawn');

/**
 * Throws what `spawn()` would throw for these options, without starting anything, or looking at what the machine can do: for
 * options that come from a configuration or a command line, and should be refused where they are read.
 *
 * The errors are a TypeError or RangeError, with a `code` and the name of the option in the message (`memory.max`).
 */
export function checkCageOptions(options: CageOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  splitOptions(options, called);
}
