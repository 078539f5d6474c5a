import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as BullMQ from 'bullmq';
import { requirePeer } from '../../common/addon/require-peer';
import { MemcageError } from '../../index';

const PEER = { name: 'bullmq', entry: 'memcage/bullmq' };

export interface Protocol {
  ChildCommand: typeof BullMQ.ChildCommand;
  ParentCommand: typeof BullMQ.ParentCommand;
  /** The directory of BullMQ's code for children. */
  classes: string;
}

/** BullMQ's own, of the copy that the caller's worker is most likely from. */
export function loadProtocol(): Protocol {
  const { ChildCommand, ParentCommand } = requirePeer(() => require('bullmq'), PEER) as typeof BullMQ;
  const classes = join(dirname(require.resolve('bullmq')), 'classes');
  if (!existsSync(join(classes, 'main-base.js'))) {
    const message = `This version of bullmq has no classes/main-base.js, which memcage/bullmq needs: npm install bullmq@6`;
    throw new MemcageError('ERR_MEMCAGE_NO_PACKAGE', message, { path: classes });
  }
  return { ChildCommand, ParentCommand, classes };
}
