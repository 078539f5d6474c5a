import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { MemoryReport, Outcome } from '../../../types/outcome';
import type { Caged, Uncaged } from '../../cage/contract/cage';
import { whenClosed } from '../../process/read-streams';
import type { OutcomeRecorder } from '../child/outcome';
import type { CageChoice } from '../request/cage-choice';
import type { Turn } from '../request/turns';

/** Where a child is to be, and its turn if it needs one. */
export interface Admitted {
  choice: CageChoice;
  turn: Turn | undefined;
}

/** A child that was started. */
export interface Started {
  child: ChildProcess & (Caged | Uncaged);
  /** Takes the reason for an early end. */
  recorder: OutcomeRecorder;
  /** What the function returns: the child, or a promise. */
  result: unknown;
  /** Sends SIGKILL to the child and to everything in its own part of the cage. Never throws. */
  killAll(): void;
}

/** The outcome, once what somebody reads of the child is closed. `read` is asked when the child has ended. */
export async function outcomeOnceRead(
  { promise }: OutcomeRecorder,
  read: () => readonly Readable[],
): Promise<Outcome<MemoryReport | null>> {
  const ended = await promise;
  const streams = read();
  if (streams.length > 0) await whenClosed(streams);
  return ended;
}
