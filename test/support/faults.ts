import { join } from 'node:path';

/** Makes a system call fail, for a thread and all that it creates, for good. */
export interface FaultRule {
  syscall: string;
  errno: number;
  /** Only when `arguments[argument] & mask` is `value`. */
  argument?: number;
  mask?: number;
  value?: number;
}

/** test/native: `npm run build:test-addon` builds it. Its failSyscalls() is for fixtures, since a filter stays. */
interface Faults {
  /** The system call's result, or a negative errno. */
  call(syscall: string, ...args: (number | string | Uint8Array)[]): number;
}

export const faults = require(join(__dirname, '../native/build/Release/faults.node')) as Faults;
