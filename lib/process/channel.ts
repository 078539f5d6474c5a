import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { Server } from 'node:net';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import type { ChannelPipes } from './channel-pipe';
import { excessOf } from './unread';

/** A message that Node keeps for itself: its `cmd` begins with NODE_. */
interface InternalMessage {
  cmd: string;
  type?: unknown;
}

interface Closable {
  close(): void;
}

type OnInternal = (message: InternalMessage, handle: unknown) => void;

const ONLY_SEND = 'nothing but process.send() may write to the fd in the environment variable NODE_CHANNEL_FD';

/**
 * Has the child's 'error' event tell when the child has written what is no message. Node reads that in calls of the event loop,
 * where an exception ends this process. The channel is closed then, as if the child had closed it.
 */
export function guardChannel(child: ChildProcess, pipes: ChannelPipes, serialization: string | undefined): void {
  const { nodes, open } = pipes;
  const { onread } = nodes;
  const emitter = child as EventEmitter;
  const [listener] = emitter.listeners('internalMessage') as OnInternal[];
  // Node made no channel, for want of fds.
  if (onread === undefined || listener === undefined) return;
  const carriesHandles = nodes === open;
  const excess = carriesHandles ? undefined : excessOf(child, serialization);
  let isOver = false;

  const end = (what: string, { cure, cause }: { cure: string; cause?: unknown }): void => {
    if (isOver) return;
    isOver = true;
    open.onread = () => {};
    const message = `The child (pid ${child.pid}) ${what}, and its channel was closed: ${cure}`;
    const error = new MemcageError(ErrorCode.CHANNEL, message, { cure, cause });
    // Whoever gets the child in this iteration of the event loop listens from the next one on.
    setImmediate(() => {
      try {
        // Whoever has left the channel is told nothing more of it.
        if (child.connected) child.emit('error', error);
      } finally {
        if (child.connected) Reflect.apply(onread, nodes, []);
        else nodes.close();
      }
    });
  };
  const fail = (cause: unknown): void => {
    end('wrote to its channel what is no message', { cure: ONLY_SEND, cause });
  };
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      fail(error);
    }
  };
  const serve: OnInternal = (message, handle) => {
    attempt(() => Reflect.apply(listener, child, [message, handle]));
    // Nobody else will.
    if (isOver) (handle as Closable | undefined)?.close();
  };

  open.onread = (bytes) => {
    // Not attempted: at the end of the channel Node calls listeners of the caller's.
    if (bytes === undefined) return Reflect.apply(onread, nodes, []);
    const tooMuch = excess?.(new Uint8Array(bytes));
    if (tooMuch === undefined) attempt(() => Reflect.apply(onread, nodes, [bytes]));
    else end(tooMuch.what, tooMuch);
  };
  emitter.off('internalMessage', listener);
  emitter.on('internalMessage', (message: InternalMessage, handle: unknown) => {
    if (isOver) return;
    if (message.cmd !== 'NODE_HANDLE') serve(message, handle);
    else if (!carriesHandles) end('sent a handle', { cure: 'give it ipcHandles: true if it may' });
    else if (message.type === 'net.Server' && handle !== undefined) attempt(() => listenFirst(message, handle));
    else serve(message, handle);
  });

  /** Node makes a server of whatever socket comes. Of one that can't listen, nobody could hear the 'error' yet. */
  function listenFirst(message: InternalMessage, handle: unknown): void {
    const server = new Server();
    server.once('error', fail);
    server.listen(handle, () => {
      server.off('error', fail);
      serve({ ...message, type: 'net.Native' }, server);
    });
  }
}
