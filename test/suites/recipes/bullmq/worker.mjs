// The Worker of the tests. Within contain() it has a caged processor where BullMQ would start its own child.
import { createRequire } from 'node:module';
import { Worker as Own } from 'bullmq';

const { MEMCAGE_SUITES_BULLMQ: path, MEMCAGE_SUITES_LOG: log } = process.env;
const { createProcessor } = createRequire(import.meta.url)(path);

/** What a worker says of its children, in the words of createProcessor(). */
function caged(file, { workerForkOptions: { timeout: _, ...options } = {} } = {}) {
  return createProcessor(file, { memory: '256M', ...options });
}

class CagedWorker extends Own {
  constructor(name, processor, options, Connection) {
    const isFile = typeof processor === 'string' || processor instanceof URL;
    const own = isFile ? caged(processor, options) : processor;
    super(name, own, options, Connection);
    if (!isFile) return;
    own.attach(this);
    this.once('closed', () => void own.close());
  }
}

export const Worker = log === undefined ? Own : CagedWorker;
