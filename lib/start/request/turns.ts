import type { ChildProcess } from 'node:child_process';
import type { MemoryReport, Outcome } from '../../../types/outcome';
import type { Cage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import type { Program } from '../../process/launch-contract';
import type { Gate } from './gate';

/** What has the children of a contain() take turns: the budget whose jobs they are. */
export interface Turns {
  /**
   * The limits of a child's private cage.
   *
   * @param own those of its own options
   */
  limitsFor(own: CageLimits | undefined): CageLimits;
  /** The turn of one child with these limits, whose start may still be refused. */
  turnFor(child: TurnOptions): Turn;
}

export interface TurnOptions {
  limits: CageLimits;
  keepsDescendants: boolean;
  /** What it may take of the memory while it waits. */
  heldBytes: number;
  /** Whether it can be born, and wait at a gate. */
  canWait: boolean;
}

/** Records the outcome of a child, once the child and all in its cage are gone. */
export interface Recorder {
  /** Notes why the child is about to be ended. */
  because(reason: Error): void;
  readonly promise: Promise<Outcome<MemoryReport | null>>;
  /**
   * Calls the listener within the call that records it, or now if it is recorded: a promise is told later. There is only the last
   * listener. It must not throw.
   */
  whenRecorded(listener: (outcome: Outcome<MemoryReport | null>) => void): void;
}

/** A child that was born, as the budget follows it. */
export interface BornChild {
  child: ChildProcess;
  /** Undefined: there is no child. That of `child` may be set later. */
  pid: number | undefined;
  cage: Cage<Cgroup | null> | null;
  recorder: Recorder;
  killAll(): void;
}

/** One child's turn. */
export interface Turn {
  /**
   * For a caller that can wait without a child: waits for room, if the child could not be born before there is any. Undefined: it
   * could. Rejects with an AbortError, and with what {@link take} throws. Take the turn afterwards.
   */
  waitBeforeStart(start: { file: string; signal: AbortSignal | undefined }): Promise<void> | undefined;
  /**
   * Takes the turn: where the child is to wait; undefined: it has room.
   *
   * @throws ERR_MEMCAGE_CLOSED; ERR_MEMCAGE_INVALID_ARGUMENT if it could never start; ERR_MEMCAGE_BUSY if it had to wait, but can't
   */
  take(program: Pick<Program, 'file'>): Gate | undefined;
  /** The start is over. Without a pid there is no child. Nothing happens if it never took its turn. */
  born(child: BornChild): void;
  /** For a start that is over, and of which nothing is left to follow: a failed one, or that of a synchronous function. */
  over(end: { outcome?: Outcome; error?: Error }): void;
}
