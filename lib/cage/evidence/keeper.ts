import { randomUUID } from 'node:crypto';
import type { Evidence } from '../../../types/outcome';
import { companion } from '../../common/addon/companion';
import { addonPath } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { OwnThread } from '../../common/event-loop/own-thread';
import { outsideOfCalls } from '../../common/event-loop/timers';
import type { HeapAddress, KeeperData, KeeperReport, KeeperRequest, WatchedCageOptions } from './messages';

/** Its two threads are there after some 60 ms; a busy machine takes longer. */
const START_MS = 20_000;
/** Of an abstract socket, unix(7). */
const MOST_NAME = 107;
/** It waits so long for another cage. */
const IDLE_MS = 5000;

/** Who gets the reports on one cage. */
export interface CageListener {
  onTaken(evidence: Evidence): void;
  /** The keeper is no more. Once. */
  onFailed(): void;
}

/**
 * Watches cages for evidence, in a thread of its own: it stops a cage near its limit while the event loop is blocked, and the kernel
 * leaves it a millisecond.
 */
export class Keeper extends OwnThread<KeeperRequest, KeeperReport> {
  /** Where Node children answer. */
  readonly heapAddress: HeapAddress;

  /** Blocks until it is there. @throws why it is not */
  constructor() {
    const heapAddress = {
      // As long as a name can be: Node before 22 fills a shorter one up, and others don't.
      name: `memcage-${randomUUID()}`.padEnd(MOST_NAME, '-'),
      secret: randomUUID(),
    };
    const data: KeeperData = {
      addon: addonPath(),
      reader: companion('evidence-reader.js'),
      heaps: { ...heapAddress, file: companion('evidence-heap.js') },
    };
    const file = companion('evidence-keeper.js');
    super({ file, name: 'memcage-keeper', data, startMs: START_MS, idleMs: IDLE_MS });
    this.heapAddress = heapAddress;
  }

  /**
   * Blocks until the cage is watched.
   *
   * @throws why it can't be
   */
  open(options: Omit<WatchedCageOptions, 'id'>, { onTaken, onFailed }: CageListener): number {
    let why: string | null | undefined;
    const id = this.add({
      onReport(report) {
        if (report.kind === 'taken') onTaken(report.evidence);
        else why = report.refused;
      },
      onFailed,
    });
    this.send({ kind: 'open', cage: { ...options, id } });
    const isAnswered = this.deliverUntil(() => why !== undefined, START_MS);
    if (why === null) return id;
    this.close(id);
    throw refused(isAnswered ? String(why) : `the thread that watches did not answer within ${START_MS} ms`);
  }

  close(id: number): void {
    this.deliverNow();
    this.send({ kind: 'close', id });
    this.delete(id);
  }
}

let keeper: Keeper | undefined;

/** The keeper of this thread; starts it if there is none. */
export function keeperOfThread(): Keeper {
  if (keeper !== undefined && !keeper.isOver) return keeper;
  try {
    keeper = outsideOfCalls(() => new Keeper());
    return keeper;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw refused((error as Error).message);
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      words`evidence needs a worker thread, and the permission model forbids it${CURE}add --allow-worker to --permission`,
      { cause: error },
    );
  }
}

function refused(why: string): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`evidence can't be had of this cage: ${why}${CURE}leave out evidence`,
  );
}
