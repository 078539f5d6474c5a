import type { ChildProcess } from 'node:child_process';
import { formatSize } from '../common/text/size';

/** Of one message, all of which is here before anybody sees it. */
const MOST_BYTES = 64 * 2 ** 20;
/** Of messages that Node keeps for the first who listens. Small ones take a hundred times as much here. */
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
