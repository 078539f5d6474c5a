import { workerData } from 'node:worker_threads';
import { type OwnThreadData, STARTED } from './own-thread';

const { thread } = workerData as { thread: OwnThreadData };
const count = new Int32Array(thread.told);

/** Reports to who has started this thread, which may be blocked. */
export function tell<Report>(id: number, report: Report): void {
  thread.port.postMessage({ id, report });
  Atomics.add(count, 0, 1);
  Atomics.notify(count, 0);
}

/** @param why it has not, and ends */
export function started(why?: string): void {
  tell(STARTED, why);
}
