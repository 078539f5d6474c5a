import type { ChildProcess } from 'node:child_process';
import type { Random } from '../support/random';
import type { Tally } from './tally';

/** What all kinds of start share. */
export interface World {
  readonly random: Random;
  readonly tally: Tally;
  /** Something may happen to the child, now or in some milliseconds: a signal from somebody else. */
  endanger(child: ChildProcess): void;
  /** What many starts use, and what is renewed from time to time while they use it. */
  readonly shared: <T extends Closable>(name: string, make: () => T, uses: number) => T;
}

export interface Closable {
  close(): Promise<unknown>;
}

/** One way to start children. */
export interface Kind {
  readonly name: string;
  /** How often it comes, beside the others. */
  readonly weight: number;
  /** Resolves once nothing is left. Rejects as the call of memcage did: see Tally. */
  run(world: World): Promise<unknown>;
}
