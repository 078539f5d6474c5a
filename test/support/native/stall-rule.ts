import { join } from 'node:path';
import type { StallSign } from '../../../types/native';

/** What grew in a slice of time, and how long that was. What is left out is 0. */
export interface StallSlice {
  ms: number;
  /** Time in which all that could run waited for memory. */
  fullUs?: number;
  userUs?: number;
  systemUs?: number;
  majorFaults?: number;
  faults?: number;
  refaults?: number;
  /** The kernel has no PSI. */
  withoutPressure?: boolean;
  /** The kernel counts no refaults. */
  withoutRefaults?: boolean;
  /** Processes wait for memory, since the OOM killer is off. */
  waits?: boolean;
  /** More is in use than memory.high, or memory.swap.high. */
  isAboveHigh?: boolean;
}

interface StallRule {
  /** After each slice: how long the cage has got nowhere, and what told so last. */
  stretches(slices: readonly StallSlice[], limitMs: number): { ms: number; sign: StallSign | '' }[];
}

/** The rule of the addon, which `npm run build:test-addon` builds apart. */
export const stallRule = require(join(__dirname, '../../native/build/Release/stall_rule.node')) as StallRule;
