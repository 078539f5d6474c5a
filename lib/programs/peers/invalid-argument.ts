import { inspect } from 'node:util';
import { ErrorCode } from '../../index.js';

/** Makes a TypeError, ERR_MEMCAGE_INVALID_ARGUMENT: "Expected EXPECTED for OPTION but received VALUE", with the name of the option. */
export function invalidArgument(option: string, expected: string, actual: unknown): TypeError {
  const message = `Expected ${expected} for ${option} but received ${inspect(actual)}`;
  return Object.assign(new TypeError(message), { code: ErrorCode.INVALID_ARGUMENT, option });
}
