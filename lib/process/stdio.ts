import { constants } from 'node:os';
import type { NativeBinding } from '../../types/native';

/** What stdio needs of the addon. */
export type StdioBinding = Pick<NativeBinding, 'socketPair' | 'closeFd' | 'giveFdAway'>;

/** The members of Node's private stream handles (pipe_wrap, tty_wrap, tcp_wrap) that are used here. */
interface StreamHandle {
  readonly fd?: number;
  open?(fd: number): unknown;
  close(): void;
  /** The addon closes its fd with the environment: it is none of libuv's. */
  readonly isOurs?: true;
}

/** One entry of the array that `getValidStdio` in Node's lib/internal/child_process.js makes. */
export interface StdioEntry {
  type: string;
  fd?: number;
  handle?: StreamHandle;
}

export interface OpenedStdio {
  /** The parent's fd for each fd of the child, -1 for "ignore". */
  readonly fds: number[];
  /** Close the child's ends of the pipes: the child has its own by now, or never will. */
  releaseChildEnds(): void;
  /** Close the parent's ends as well: Node is not going to make streams of them. */
  abandon(): void;
}

/**
 * Open the pipes that Node's stdio entries ask for, as uv__process_init_stdio does. After a failure, which is a negative
 * errno, everything that was opened has been given back.
 */
export function openStdio(entries: readonly StdioEntry[], binding: StdioBinding): OpenedStdio | { errno: number } {
  const fds: number[] = [];
  const childEnds: number[] = [];

  const releaseChildEnds = (): void => {
    for (const fd of childEnds.splice(0)) binding.closeFd({ fd });
  };
  const abandon = (): void => {
    releaseChildEnds();
    // Those that were never opened too: after EMFILE and ENFILE, and for 'overlapped' ones always, Node forgets them
    // unclosed. A second close() by Node is a no-op (HandleWrap::Close).
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

function isPipe(entry: StdioEntry): boolean {
  return entry.type === 'pipe' || entry.type === 'overlapped';
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
    // At once: libuv may close it at any time, and its number may then be another's.
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

function errnoOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return undefined;
  return typeof error.errno === 'number' && error.errno < 0 ? error.errno : undefined;
}
