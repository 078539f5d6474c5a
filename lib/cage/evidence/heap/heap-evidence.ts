import type { NativeBinding } from '../../../../types/native';
import { openPlace } from '../directory-place';
import type { ProcessShare, WatchedCageOptions } from '../messages';
import type { SharedCageState } from '../shared-state';
import type { HeapThread } from './heap-thread';
import { Loan, type Place } from './loan';
import { summarizeHeaps, type TakenHeaps, takeHeaps } from './take-heaps';

/** The heap snapshots of one cage. */
export class HeapEvidence {
  readonly #beside: Place;
  readonly #loan: Loan;
  readonly #extraBytes: number;
  readonly #thread: HeapThread;

  constructor(
    cage: Place,
    { beside, version }: Pick<WatchedCageOptions, 'version'> & { beside: NonNullable<WatchedCageOptions['beside']> },
    { native, state, thread }: { native: NativeBinding; state: SharedCageState; thread: HeapThread },
  ) {
    const memory = openPlace(native, beside.memory);
    const isOne = beside.freezer.path === beside.memory.path;
    const directory = isOne ? memory : openPlace(native, beside.freezer);
    this.#beside = { memory, freezer: { kind: cage.freezer.kind, directory } };
    this.#loan = new Loan(cage, this.#beside, version, state);
    this.#extraBytes = beside.extraBytes;
    this.#thread = thread;
  }

  /** While the cage is stopped. Never rejects. */
  async take(processes: readonly ProcessShare[], path: string): Promise<TakenHeaps> {
    try {
      return await takeHeaps(processes, this.#taker(path));
    } catch (error) {
      return { node: [], unread: [`heap snapshots: ${(error as Error).message}`] };
    }
  }

  async summarize(taken: TakenHeaps, path: string): Promise<void> {
    await summarizeHeaps(taken, this.#taker(path));
  }

  close(): void {
    const { memory, freezer } = this.#beside;
    if (freezer.directory !== memory) freezer.directory.close();
    memory.close();
  }

  #taker(path: string) {
    return { thread: this.#thread, loan: this.#loan, extraBytes: this.#extraBytes, path };
  }
}
