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
  const alike = processes.filter(({ name }) => name === first.name);
  const together = alike.reduce((sum, each) => sum + each.heldBytes, 0);
  if (alike.length > 1 && together >= heldBytes * MOST) {
    return `${alike.length} processes ${first.name} together held ${of(Math.min(together, heldBytes))}`;
  }
  return `${processes.length} processes held ${of(heldBytes)}, the largest ${formatSize(first.heldBytes)}: ${first.name} (pid ${first.pid})`;
}
