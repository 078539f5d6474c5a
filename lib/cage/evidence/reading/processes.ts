import { basename } from 'node:path';
import { printable } from '../../../common/text/names';
import type { ProcessShare } from '../messages';
import { readChunks, readStart } from './bounded-file';
import { tmpfsOf } from './mount-table';
import { SmapsReader } from './smaps';

const KB = 1024;
const STATUS_BYTES = 16 * KB;
const MOST_COMMAND = 4 * KB;
/** 65,530 mappings, the most of a process by default, are some 50 MB. */
const MOST_SMAPS = 16 * KB * KB;

/** What /proc/PID/status tells; undefined if the process is gone. */
export function readStatus(pid: number): ProcessShare | undefined {
  const text = readStart(`/proc/${pid}/status`, STATUS_BYTES);
  if (text === undefined) return undefined;
  const line = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  const bytes = (name: string): number => (Number.parseInt(line(name), 10) || 0) * KB;
  const swapBytes = bytes('VmSwap');
  return {
    pid,
    ppid: Number(line('PPid')),
    name: printable(line('Name')),
    command: '',
    threads: Number(line('Threads')),
    heldBytes: bytes('RssAnon') + bytes('RssShmem') + swapBytes,
    rssBytes: bytes('VmRSS'),
    swapBytes,
    kinds: null,
    mappings: [],
  };
}

/** The process with all that is known of it. @param goesOn whether there is time */
export function readShare(process: ProcessShare, goesOn: () => boolean): { share: ProcessShare; unread?: string } {
  const { pid } = process;
  const command = readStart(`/proc/${pid}/cmdline`, MOST_COMMAND) ?? '';
  const words = command.split('\0').filter((word, index, all) => word !== '' || index < all.length - 1);
  const share = { ...process, name: nameOf(process.name, words), command: printable(words.join(' ')) };
  const smaps = new SmapsReader(new Set(tmpfsOf(pid).map(({ device }) => device)));
  const isRead = readChunks(`/proc/${pid}/smaps`, MOST_SMAPS, (chunk) => {
    smaps.add(chunk.toString('latin1'));
    return goesOn();
  });
  if (isRead === undefined) return { share, unread: `mappings of process ${pid}` };
  const { kinds, mappings } = smaps.end();
  const whole = { ...share, kinds, mappings: mappings.map((each) => ({ ...each, name: printable(each.name) })) };
  return isRead === 'all' ? { share: whole } : { share: whole, unread: `a part of the mappings of process ${pid}` };
}

/** What Node 24 and Node 26 call the main thread of every program, which names the process for the kernel. */
const MAIN_THREAD = /^(node-)?MainThread$/;

function nameOf(name: string, [program = '']: readonly string[]): string {
  return (MAIN_THREAD.test(name) && printable(basename(program))) || name;
}
