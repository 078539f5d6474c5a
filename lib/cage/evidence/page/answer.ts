import { formatSize } from '../../../common/text/size';
import { truncateStart } from '../../../common/text/text-width';
import type { ProcessShare } from '../messages';
import type { EvidenceReport } from '../report';

/** Who holds at least this part is the one. */
const MOST = 0.5;
/** Of a path, whose end tells most. */
const MOST_COLUMNS = 80;

/** What filled the memory, in one sentence. */
export function answerOf({ kind, kinds, cage, processes, files }: EvidenceReport): string {
  const limit = `the ${formatSize(cage.limitBytes)} limit`;
  const of = (bytes: number): string => `${formatSize(bytes)} of ${limit}`;
  const [file] = files;
  switch (kind) {
    case 'tmpfs':
      return file === undefined || file.bytes < kinds.shared * MOST || file.bytes > kinds.shared * 1.1
        ? `Files in tmpfs held ${of(kinds.shared)}`
        : `A file in tmpfs held ${of(file.bytes)}: ${truncateStart(file.path, MOST_COLUMNS, '…')}`;
    case 'shared':
      return `Shared memory held ${of(kinds.shared)}`;
    case 'kernel':
      return `The kernel held ${of(kinds.kernel)} for these programs: page tables, sockets, names of files`;
    default:
      return processAnswer(processes, of, cage.heldBytes);
  }
}

function processAnswer(processes: readonly ProcessShare[], of: (bytes: number) => string, heldBytes: number): string {
  const [first] = processes;
  if (first === undefined) return `Programs held ${of(heldBytes)}`;
  const one = `${first.name} (pid ${first.pid}) held`;
  if (first.heldBytes >= heldBytes * MOST) return `${one} ${of(first.heldBytes)}`;
  const [alike] = groupsOf(processes);
  if (alike !== undefined && alike.count > 1 && alike.bytes >= heldBytes * MOST) {
    return `${alike.count} processes ${alike.name} together held ${of(Math.min(alike.bytes, heldBytes))}`;
  }
  return `${processes.length} processes held ${of(heldBytes)}, the largest ${formatSize(first.heldBytes)}: ${first.name} (pid ${first.pid})`;
}

/** Processes of one name, the largest group first. */
function groupsOf(processes: readonly ProcessShare[]): { name: string; count: number; bytes: number }[] {
  const groups = new Map<string, { name: string; count: number; bytes: number }>();
  for (const { name, heldBytes } of processes) {
    const group = groups.get(name) ?? { name, count: 0, bytes: 0 };
    groups.set(name, { name, count: group.count + 1, bytes: group.bytes + heldBytes });
  }
  return [...groups.values()].sort((one, other) => other.bytes - one.bytes);
}
