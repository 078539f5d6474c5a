import { constants } from 'node:os';
import type { NativeBinding } from '../../types/native';

/** The functions of the addon that stdio needs. */
export type StdioBinding = Pick<NativeBinding, 'socketPair' | 'closeFd' | 'giveFdAway'>;

/** The members of Node's private stream handles (pipe_wrap, tty_wrap, tcp_wrap) that memcage uses. */
export interface StreamHandle {
  readonly fd?: number;
  open?(fd: number): unknown;
  close(): void;
  /** The addon closes the fd with the environment: it does not belong to libuv. */
  readonly isOurs?: true;
}

/** One entry of the array that `getValidStdio` in Node's lib/internal/child_process.js makes. */
export interface StdioEntry {
  type: string;
  fd?: number;
  handle?: StreamHandle;
  /** Whether it is the channel of `fork`. */
  ipc?: boolean;
}

export interface OpenedStdio {
  /** The parent's fd for each fd of the child; -1 means "ignore". */
  readonly fds: number[];
  /** Closes the child's ends of the pipes: the child has its own by now, or never will. */
  releaseChildEnds(): void;
  /** Closes the parent's ends too: Node will not make streams of them. */
  abandon(): void;
}

/**
 * Opens the pipes that Node's stdio entries ask for, as uv__process_init_stdio does. On failure it closes everything
 * that it opened, and returns a negative errno.
 */
export function openStdio(entries: readonly StdioEntry[], binding: StdioBinding): OpenedStdio | { errno: number } {
  const fds: number[] = [];
  const childEnds: number[] = [];

  const releaseChildEnds = (): void => {
    for (const fd of childEnds.splice(0)) binding.closeFd({ fd });
  };
  const abandon = (): void => {
    releaseChildEnds();
    // Also closes handles that were never opened: Node forgets to close them after EMFILE and ENFILE, and always for
    // 'overlapped'. A second close() by Node does nothing (HandleWrap::Close).
    for (const entry of entries) if (isPipe(entry)) entry.handle?.close();
  };

  try {
    for (const [index, entry] of entries.entries()) {
      const fd = isPipe(entry) ? openPipe(entry, childEnds, binding) : existingFd(entry, index);
      if (fd === undefined) {
        abandon();
        return { errno: -constants.errno.EINVAL };
      }
      fds.push(fd);
    }
  } catch (error) {
    abandon();
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { errno };
  }
  return { fds, releaseChildEnds, abandon };
}

export function isPipe({ type }: StdioEntry): boolean {
  return type === 'pipe' || type === 'overlapped';
}

function openPipe(entry: StdioEntry, childEnds: number[], binding: StdioBinding): number | undefined {
  const { handle } = entry;
  if (handle?.open === undefined) return undefined;
  const [parentEnd, childEnd] = binding.socketPair();
  childEnds.push(childEnd);
  let taken = false;
  try {
    const result = handle.open(parentEnd);
    if (typeof result === 'number' && result < 0) throw Object.assign(new Error('uv_pipe_open'), { errno: result });
    taken = true;
    // At once: libuv may close the fd at any time, and its number may then belong to another file.
    if (handle.isOurs !== true) binding.giveFdAway({ fd: parentEnd });
  } finally {
    if (!taken) binding.closeFd({ fd: parentEnd });
  }
  return childEnd;
}

function existingFd(entry: StdioEntry, index: number): number | undefined {
  if (entry.type === 'ignore') return -1;
  const fd = entry.type === 'wrap' ? entry.handle?.fd : (entry.fd ?? (entry.type === 'inherit' ? index : undefined));
  return fd === undefined || fd < 0 ? undefined : fd;
}

/** The negative errno of an error; undefined if it has none. */
export function errnoOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return undefined;
  return typeof error.errno === 'number' && error.errno < 0 ? error.errno : undefined;
}
