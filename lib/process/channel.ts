import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { Server } from 'node:net';
import { misplaced } from '../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { CURE, words } from '../common/errors/words';
import { formatSize } from '../common/text/size';
import type { StdioEntry, StreamHandle } from './stdio';

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
    const message = words`The child (pid ${String(child.pid)}) ${what}, and its channel was closed${CURE}${cure}`;
    const error = new MemcageError(ErrorCode.CHANNEL, message, { cause });
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
    // At the end of the channel Node calls listeners of the caller's, whose errors are the caller's.
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

/** The members of Node's private Pipe that its channel uses. `onread` gets no bytes when the other end is closed. */
interface ChannelPipe extends StreamHandle {
  onread?: (bytes?: ArrayBuffer) => void;
  readonly writeQueueSize: number;
  readStart(): unknown;
  readStop(): unknown;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
  writeUtf8String(request: object, message: string, handle?: unknown): number;
  writeBuffer(request: object, message: Uint8Array, handle?: unknown): number;
}

/** What the channel of a child is made of. */
export interface ChannelPipes {
  /** Node's, which its channel drives. */
  readonly nodes: ChannelPipe;
  /** The one that is read and written: the same, or one that carries no handles. */
  readonly open: ChannelPipe;
}

/** A Pipe that is no channel: a constant of Node's pipe_wrap. */
const SOCKET = 0;

/** On Windows only Node's own pipe knows what is written around each message. */
const IS_FRAMED = process.platform === 'win32';

/** The channel among these entries, before the child is started; undefined if there is none. */
export function channelPipes(entries: readonly StdioEntry[], ipcHandles: boolean): ChannelPipes | undefined {
  const entry = entries.find(({ ipc }) => ipc === true);
  const nodes = entry?.handle as ChannelPipe | undefined;
  if (entry === undefined || nodes === undefined) return undefined;
  if (ipcHandles || IS_FRAMED) return { nodes, open: nodes };
  const open = Reflect.construct(nodes.constructor, [SOCKET]) as ChannelPipe;
  driveInstead(nodes, open);
  entry.handle = open;
  return { nodes, open };
}

/**
 * Has Node's channel drive another pipe than its own. Node takes every fd that comes by its own: they fill the table of this
 * process, and that of a file ends it (a CHECK in LibuvStreamWrap::OnUvRead). From any other pipe it reads only bytes, and the
 * kernel closes the fds.
 */
function driveInstead(nodes: ChannelPipe, open: ChannelPipe): void {
  const refuse = (handle: unknown): void => {
    if (handle) throw misplaced('handle', 'to a child with ipcHandles: false', 'start it with ipcHandles: true');
  };
  const closes = [nodes, open].map((pipe) => pipe.close.bind(pipe));
  const close = (): void => {
    for (const each of closes) each();
  };
  // Whoever has one of them closes both.
  Object.assign(open, { close });
  Object.assign(nodes, {
    close,
    readStart: () => open.readStart(),
    readStop: () => open.readStop(),
    ref: () => open.ref(),
    unref: () => open.unref(),
    hasRef: () => open.hasRef(),
    writeUtf8String(request: object, message: string, handle: unknown) {
      refuse(handle);
      return open.writeUtf8String(request, message);
    },
    writeBuffer(request: object, message: Uint8Array, handle: unknown) {
      refuse(handle);
      return open.writeBuffer(request, message);
    },
  } satisfies Partial<ChannelPipe>);
  Object.defineProperties(nodes, {
    fd: { get: () => open.fd },
    writeQueueSize: { get: () => open.writeQueueSize },
  });
}

/** The most bytes of one message, all of which is here before anybody sees it. */
const MOST_BYTES = 64 * 2 ** 20;
/** The most bytes of messages that Node keeps for the first who listens. Small messages take a hundred times as much here. */
const MOST_UNHEARD_BYTES = 2 ** 20;

export interface Excess {
  what: string;
  cure: string;
}

/** Given what comes from a child, tells what of it would be too much to keep. */
export function excessOf(
  child: Pick<ChildProcess, 'listenerCount'>,
  serialization: string | undefined,
): (bytes: Uint8Array) => Excess | undefined {
  const messageBytes = serialization === 'advanced' ? announcedBytes() : lineBytes();
  let unheard = 0;
  return (bytes) => {
    if (messageBytes(bytes) > MOST_BYTES) {
      return {
        what: `sent a message of more than ${formatSize(MOST_BYTES)}`,
        cure: 'have it send parts, or write a file',
      };
    }
    unheard = child.listenerCount('message') > 0 ? 0 : unheard + bytes.length;
    if (unheard <= MOST_UNHEARD_BYTES) return undefined;
    const what = `sent more than ${formatSize(MOST_UNHEARD_BYTES)} of messages that nobody listens to`;
    return { what, cure: 'have it wait until it is asked' };
  };
}

/** The length so far of the last line, which is a message in JSON. */
function lineBytes(): (bytes: Uint8Array) => number {
  let length = 0;
  return (bytes) => {
    const end = bytes.lastIndexOf(0x0a);
    length = end === -1 ? length + bytes.length : bytes.length - end - 1;
    return length;
  };
}

/** The greatest length among those that are announced here, in four bytes before each message. */
function announcedBytes(): (bytes: Uint8Array) => number {
  let header = 0;
  let headerBytes = 0;
  let missing = 0;
  return (bytes) => {
    let greatest = 0;
    for (let at = 0; at < bytes.length; ) {
      if (missing > 0) {
        const here = Math.min(missing, bytes.length - at);
        missing -= here;
        at += here;
        continue;
      }
      header = header * 256 + (bytes[at] ?? 0);
      headerBytes += 1;
      at += 1;
      if (headerBytes < 4) continue;
      missing = header;
      greatest = Math.max(greatest, header);
      header = 0;
      headerBytes = 0;
    }
    return greatest;
  };
}
