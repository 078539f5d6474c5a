import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { NativeBinding, WatchEvent } from '../../../../types/native';
import { started, tell } from '../../../common/event-loop/in-own-thread';
import { HeapThread } from '../heap/heap-thread';
import type { KeeperData, KeeperReport, KeeperRequest, WatchedCageOptions } from '../messages';
import { ReaderThread } from './reader-thread';
import { type Environment, WatchedCage } from './watched-cage';

const { addon, reader: readerFile, heaps } = workerData as KeeperData;
const handlers = new Map<number, () => void>();
const cages = new Map<number, WatchedCage>();
let heapThread: HeapThread | undefined;

const report = tell<KeeperReport>;

function watch(fd: number, kind: 'event' | 'priority', onAlarm: () => void): () => void {
  const { native } = environment;
  const id = native.watch({ fd, kind });
  handlers.set(id, onAlarm);
  return () => {
    if (handlers.delete(id)) native.unwatch({ fd });
  };
}

function machineSwap(): number {
  return Number(/^SwapTotal:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
}

function open(options: WatchedCageOptions): void {
  const { id } = options;
  try {
    if (options.beside !== undefined) heapThread ??= new HeapThread(heaps.file, heaps);
    const countCages = (): number => cages.size;
    cages.set(
      id,
      new WatchedCage(options, {
        ...environment,
        heapThread,
        machineSwap: machineSwap(),
        cages: countCages,
        watch,
        onTaken: (evidence) => report(id, { kind: 'taken', evidence }),
      }),
    );
    report(id, { kind: 'opened', refused: null });
  } catch (error) {
    report(id, { kind: 'opened', refused: (error as Error).message });
  }
}

parentPort?.on('message', (request: KeeperRequest) => {
  switch (request.kind) {
    case 'open':
      open(request.cage);
      break;
    case 'look':
      cages.get(request.id)?.look();
      break;
    case 'close':
      cages.get(request.id)?.close();
      cages.delete(request.id);
  }
});

let environment: Pick<Environment, 'native' | 'reader'>;
try {
  environment = start();
  started();
} catch (error) {
  started((error as Error).message);
  throw error;
}

function start(): typeof environment {
  // Not `require`, which a bundler would take for its own.
  const native = createRequire(addon)(addon) as NativeBinding;
  try {
    native.hurryThread();
  } catch {
    // A filter forbids it. An alarm may be late on a busy machine.
  }
  native.startWatcher({
    onEvents: (events: WatchEvent[]) => {
      for (const { id } of events) handlers.get(id)?.();
    },
  });
  return { native, reader: new ReaderThread(readerFile) };
}
