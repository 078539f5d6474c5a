import { OwnThread } from '../../../common/event-loop/own-thread';
import type { HeapAddress } from '../messages';
import type { HeapAnswer, HeapRequest } from './messages';

const START_MS = 10_000;

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** The thread that talks with Node children: the keeper thaws, so it does nothing that a child could hold up. */
export class HeapThread extends OwnThread<HeapRequest, HeapAnswer> {
  /** Blocks until it listens. @throws why it does not */
  constructor(file: string, data: HeapAddress) {
    super({ file, name: 'memcage-heap-reader', data, heapMb: 128, startMs: START_MS });
  }

  /** Never rejects. @param patienceMs after it: `late` */
  ask(
    request: WithoutId<Exclude<HeapRequest, { kind: 'drop' }>>,
    patienceMs: number,
    late: string,
  ): Promise<HeapAnswer> {
    return new Promise((resolve) => {
      const answered = (answer: HeapAnswer): void => {
        clearTimeout(timer);
        this.delete(id);
        resolve(answer);
      };
      const onFailed = (): void => answered({ failed: 'the thread that reads it has failed' });
      const id = this.add({ onReport: answered, onFailed });
      const timer = setTimeout(() => {
        answered({ failed: late });
        this.send({ id, kind: 'drop' });
      }, patienceMs);
      this.send({ ...request, id });
    });
  }
}
