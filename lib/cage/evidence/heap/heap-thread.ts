import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { OWN_THREAD } from '../messages';
import type { HeapAnswer, HeapData, HeapRequest } from './messages';

const START_MS = 10_000;

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** The thread that talks with Node children: the keeper thaws, so it does nothing that a child could hold up. */
export class HeapThread {
  readonly #worker: Worker;
  readonly #answers: MessagePort;
  readonly #waiting = new Map<number, (answer: HeapAnswer) => void>();
  #lastId = 0;

  /** Blocks until it listens. @throws why it does not */
  constructor(file: string, { name, secret }: Pick<HeapData, 'name' | 'secret'>) {
    const { port1, port2 } = new MessageChannel();
    this.#answers = port1;
    const state = new SharedArrayBuffer(4);
    const workerData: HeapData = { answers: port2, state, name, secret };
    this.#worker = new Worker(file, {
      ...OWN_THREAD,
      name: 'memcage-heap-reader',
      workerData,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 },
    });
    const gone = (): void => {
      for (const id of this.#waiting.keys()) this.#tell({ id, failed: 'the thread that reads it has failed' });
    };
    this.#worker.once('error', gone);
    this.#worker.once('exit', gone);
    port1.on('message', (answer: HeapAnswer) => this.#tell(answer));
    this.#worker.unref();
    const listening = new Int32Array(state);
    Atomics.wait(listening, 0, 0, START_MS);
    if (Atomics.load(listening, 0) === 1) return;
    this.end();
    throw new Error('the thread that reads heap snapshots could not listen for Node children');
  }

  /** Never rejects. @param patienceMs after it: `late` */
  ask(
    request: WithoutId<Exclude<HeapRequest, { kind: 'drop' }>>,
    patienceMs: number,
    late: string,
  ): Promise<HeapAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#tell({ id, failed: late });
        this.#worker.postMessage({ id, kind: 'drop' } satisfies HeapRequest);
      }, patienceMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#worker.postMessage({ ...request, id });
    });
  }

  end(): void {
    this.#answers.close();
    void this.#worker.terminate();
  }

  #tell(answer: HeapAnswer): void {
    const waits = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    waits?.(answer);
  }
}
