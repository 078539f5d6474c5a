import { invalidArgument } from '../common/errors/errors';
import type { StdioEntry, StreamHandle } from './stdio';

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
    if (handle) throw invalidArgument('handle', 'no value (the child was started with ipcHandles: false)', handle);
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
