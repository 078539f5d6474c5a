import { inspect } from 'node:util';
import { ErrorCode } from '../../index.js';

export function invalid(option: string, expected: string, actual: unknown): TypeError {
  const message = `Expected ${expected} for ${option} but received ${inspect(actual)}`;
  return Object.assign(new TypeError(message), { code: ErrorCode.INVALID_ARGUMENT });
}
