import { once } from 'node:events';
import { join } from 'node:path';
import { createWarmPool, type WarmPool, type WarmPoolOptions } from 'memcage';
import { until } from './until';

export const moduleAt = (name: string): string => join(__dirname, '../fixtures/jobs/warm-pool', name);
export const WORKER = moduleAt('worker.js');

/** The messages that a child sends from now on. */
export function messagesOf(child: { on(name: 'message', listener: (message: unknown) => void): unknown }): unknown[] {
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  return messages;
}

/** The first message that a child sends from now on. */
export async function firstOf(child: NodeJS.EventEmitter): Promise<unknown> {
  const [message] = (await once(child, 'message')) as unknown[];
  return message;
}

/** Pools that are closed after each test. */
export function pools() {
  const open: WarmPool[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((pool) => pool.close()));
  });
  return {
    make(options: WarmPoolOptions = {}, file: string | URL = WORKER, args: readonly string[] = []) {
      const pool = createWarmPool(file, args, { memory: '200M', spare: 1, ...options });
      open.push(pool);
      return pool;
    },
    ready: (pool: WarmPool, count = 1) => until(`${count} wait`, () => pool.stats().spare >= count),
  };
}
