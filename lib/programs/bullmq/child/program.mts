// The child is one of createWarmPool(): it counts as ready once this module, and the processor with it, is loaded.
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { ENVIRONMENT, type EnvironmentChanges } from './environment-message.js';

interface Message {
  cmd?: number;
  err?: object;
}

interface EnvironmentMessage extends EnvironmentChanges {
  cmd: string;
}

const [classes = '', processor = ''] = process.argv.splice(2);
const require = createRequire(import.meta.url);
const { ChildCommand, ParentCommand } = require(join(classes, '../enums')) as {
  ChildCommand: Record<string, number>;
  ParentCommand: Record<string, number>;
};
type Serve = (send: (message: Message) => Promise<void>, receiver: EventEmitter) => void;
const { default: serve } = require(join(classes, 'main-base')) as { default: Serve };

/** BullMQ's own code for a child listens to this. */
const receiver = new EventEmitter();
/** Why the processor can't be loaded; undefined if it is. */
const loaded = new Promise<object | undefined>((resolve) => {
  serve((message) => send(message, resolve), receiver);
  receiver.emit('message', { cmd: ChildCommand['Init'], value: processor });
});

function send(message: Message, resolve: (error?: object) => void): Promise<void> {
  if (message.cmd === ParentCommand['InitCompleted']) {
    resolve();
    return Promise.resolve();
  }
  if (message.cmd === ParentCommand['InitFailed']) {
    resolve(message.err ?? {});
    // BullMQ ends the process when this is sent. The error is for the job that comes.
    return new Promise(() => {});
  }
  return tell(message);
}

function tell(message: Message): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => {
      if (error !== null) reject(error);
      else resolve();
      // process.exit(): the child has had its one job, and open handles, such as connections, would keep it.
      if (message.cmd === ParentCommand['Completed'] || message.cmd === ParentCommand['Failed']) process.exit();
    });
  });
}

(process as EventEmitter).on('internalMessage', ({ cmd, set, unset }: EnvironmentMessage) => {
  if (cmd !== ENVIRONMENT) return;
  Object.assign(process.env, set);
  for (const name of unset) Reflect.deleteProperty(process.env, name);
});

process.on('message', async (message: Message) => {
  const error = await loaded;
  if (error === undefined) receiver.emit('message', message);
  else if (message.cmd === ChildCommand['Start']) await tell({ cmd: ParentCommand['Failed'], value: error } as Message);
});

await loaded;
