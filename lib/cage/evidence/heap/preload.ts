// What a Node child of a cage with `heapSnapshot` loads first, and each Node program that it starts. It adds a thread, which waits
// for an order: the main thread may compute for ever, so that it would never hear of one.
import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { HELPER, HELPER_FILE, VARIABLE } from './protocol';

// Workers of the program load this too.
if (isMainThread) startHelper(process.env[VARIABLE]);

function startHelper(address: string | undefined): void {
  if (address === undefined) return;
  try {
    const worker = new Worker(join(__dirname, HELPER_FILE), {
      name: HELPER,
      workerData: address,
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
    });
    // Where it can't run there is no snapshot, and the program is none the worse.
    worker.on('error', () => undefined);
    worker.unref();
  } catch {
    // The permission model forbids threads.
  }
}
