import { readFileSync } from 'node:fs';
import { ErrorCode, MemcageError } from '../../common/errors/errors';

/** How many children may wait: each is a process, with a cgroup. */
const MOST = 1000;
/** A child that waits takes three of the files that this process may have open, and three more for its pipes: all of them less than half. */
const FILES_FOR_EACH = 16;
const SOFT_LIMIT = /^Max open files +(\d+)/m;

/** How many children of a budget wait at gates. */
export class GatePlaces {
  #taken = 0;
  #most: number | undefined;

  /** Whether no more may be born before they have room. */
  get areFull(): boolean {
    this.#most ??= Math.min(MOST, Math.floor(mostFiles() / FILES_FOR_EACH));
    return this.#taken >= this.#most;
  }

  take(): void {
    this.#taken += 1;
  }

  giveBack(): void {
    this.#taken -= 1;
  }

  /** Why a child that must be born at once is not. */
  refuse(file: string): MemcageError {
    return new MemcageError(
      ErrorCode.BUSY,
      `${this.#taken} children wait for room in the budget, each with a process and files open, and no more may: ${file} was not started. ` +
        'Start it later, when one of them has started, or by run() of memcage or of the budget, which wait without a child',
    );
  }
}

/** RLIMIT_NOFILE of this process. */
function mostFiles(): number {
  return Number(SOFT_LIMIT.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY);
}
