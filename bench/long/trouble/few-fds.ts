import { join } from 'node:path';
import { fdCount } from '../../support/own';
import type { Tally } from '../tally';

const RLIMIT_NOFILE = 7;

/** The addon of test/native. */
interface Calls {
  call(name: string, ...args: (number | Uint8Array)[]): number;
}

const calls = require(join(__dirname, '../../../../test/native/build/Release/faults.node')) as Calls;

/** For a moment this process can open only a few files more than it has, or none. */
export async function shortOfFds(more: number, tally: Tally): Promise<void> {
  const before = new Uint8Array(16);
  check(calls.call('prlimit64', 0, RLIMIT_NOFILE, 0, before));
  const few = Uint8Array.from(before);
  // The soft limit is the first of the two numbers.
  new DataView(few.buffer).setBigUint64(0, BigInt(fdCount() + more), true);
  check(calls.call('prlimit64', 0, RLIMIT_NOFILE, few, 0));
  tally.trouble('short of fds');
  // Some turns of the event loop: time may stand still for a timer.
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  check(calls.call('prlimit64', 0, RLIMIT_NOFILE, before, 0));
}

function check(result: number): void {
  if (result < 0) throw new Error(`prlimit failed with errno ${-result}`);
}
