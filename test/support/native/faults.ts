import { join } from 'node:path';

/** Makes a system call fail permanently, for a thread and everything that it creates. */
export interface FaultRule {
  syscall: string;
  errno: number;
  /** Fails only if `arguments[argument] & mask` is `value`. */
  argument?: number;
  mask?: number;
  value?: number;
}

/**
 * The addon of test/native, which `npm run build:test-addon` builds. Its failSyscalls() is for fixtures, since a
 * filter can't be removed.
 */
interface Faults {
  /** Returns the system call's result, or a negative errno. */
  call(syscall: string, ...args: (number | string | Uint8Array)[]): number;
}

export const faults = require(join(__dirname, '../../native/build/Release/faults.node')) as Faults;
