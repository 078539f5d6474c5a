import type { Evidence, EvidenceKind } from '../../../types/outcome';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { kindsInWords } from '../../common/text/memory-kinds';
import { formatSize } from '../../common/text/size';
import { heapsInWords } from './heap/heaps-in-words';
import type { NodeProcess } from './heap/messages';
import type { TakenHeaps } from './heap/take-heaps';
import type { HeldMemory } from './held-memory';
import type { HeldFile, HeldSample, MappingKinds, ProcessShare } from './messages';

/** All that was read of a stopped cage. */
export interface TakenEvidence {
  cage: string;
  version: CgroupVersion;
  /** Memory and swap. */
  limitBytes: number;
  at: number;
  usageBytes: number;
  held: HeldMemory;
  reading: { processes: readonly ProcessShare[]; files: readonly HeldFile[]; unread: readonly string[] };
  frozenMs: number;
  timeMs: number;
  /** From when the cage is watched until it was stopped. */
  samples: readonly HeldSample[];
  /** Undefined: nobody asked for heap snapshots. */
  heaps?: TakenHeaps | undefined;
}

/** Grows when a reader of `report.json` has to know. */
const SCHEMA = 1;
const LEAST_TOLD = 1024 ** 2;

const MAPPED: Readonly<Record<keyof MappingKinds, string>> = {
  heap: 'in its heap (brk)',
  anonymous: 'in anonymous mappings (JavaScript, Buffers, malloc, stacks of threads)',
  stack: 'on its stacks',
  shared: 'in shared memory',
  files: 'in its own copies of pages of files',
};

const KINDS = Object.keys(MAPPED) as (keyof MappingKinds)[];

export interface EvidenceReport {
  schema: number;
  message: readonly string[];
  time: string;
  frozenMs: number;
  cage: { path: string; version: CgroupVersion; limitBytes: number; at: string; usageBytes: number; heldBytes: number };
  kind: EvidenceKind;
  kinds: HeldMemory['kinds'];
  /** As the kernel has it. */
  stat: Readonly<Record<string, number>>;
  processes: readonly ProcessShare[];
  files: readonly HeldFile[];
  /** Empty without `heapSnapshot`. */
  node: readonly NodeProcess[];
  unread: readonly string[];
  samples: readonly HeldSample[];
}

/** @returns the report, and what makes the short form of it once it is known where the report is */
export function reportOf(taken: TakenEvidence): {
  report: EvidenceReport;
  evidence(path: string | null, where: string): Evidence;
} {
  const { cage, version, limitBytes, at, usageBytes, held, frozenMs, timeMs, heaps, samples } = taken;
  const { heldBytes, kinds, stat } = held;
  const processes = [...taken.reading.processes].sort((one, other) => other.heldBytes - one.heldBytes);
  const files = [...taken.reading.files].sort((one, other) => other.bytes - one.bytes);
  const kind = largestKind(held, processes, files);
  const [largest] = processes;
  const lines = [
    `${formatSize(heldBytes)} of ${formatSize(limitBytes)} were held: ${kindsInWords(kinds)}`,
    [largest && processInWords(largest), filesInWords(files, kinds.shared), heapsInWords(heaps)]
      .filter(Boolean)
      .join('; '),
  ].filter((line) => line !== '');
  const report = {
    schema: SCHEMA,
    message: lines,
    time: new Date(timeMs).toISOString(),
    frozenMs,
    cage: { path: cage, version, limitBytes, at: `${Math.round(at * 100)}%`, usageBytes, heldBytes },
    ...{ kind, kinds, stat, processes, files, samples },
    node: heaps?.node ?? [],
    unread: [...taken.reading.unread, ...(heaps?.unread ?? [])],
  };
  return {
    report,
    evidence: (path, where) => ({
      ...{ path, kind, pid: largest?.pid ?? null, name: largest?.name ?? null, heldBytes, limitBytes },
      ...{ frozenMs, timeMs, message: [...lines, where].join('\n') },
    }),
  };
}

function largestKind(
  { kinds: { programs, shared, kernel, swap } }: HeldMemory,
  processes: readonly ProcessShare[],
  files: readonly HeldFile[],
): EvidenceKind {
  const all: readonly (readonly [EvidenceKind, number])[] = [
    ['anonymous', programs],
    ['shared', shared],
    ['kernel', kernel],
    ['swap', swap],
  ];
  const [kind] = all.reduce((most, each) => (each[1] > most[1] ? each : most));
  if (kind !== 'shared') return kind;
  // What nobody has mapped is in files.
  const mapped = processes.reduce((sum, { kinds }) => sum + (kinds?.shared ?? 0), 0);
  return mapped < shared / 2 && largestFile(files, shared)?.deleted === false ? 'tmpfs' : 'shared';
}

function processInWords({ pid, name, heldBytes, kinds }: ProcessShare): string {
  const [most] = KINDS.map((kind) => ({ kind, bytes: kinds?.[kind] ?? 0 })).sort(
    (one, other) => other.bytes - one.bytes,
  );
  const where =
    most === undefined || most.bytes < LEAST_TOLD ? '' : `, ${formatSize(most.bytes)} of it ${MAPPED[most.kind]}`;
  return `${name} (pid ${pid}) held ${formatSize(heldBytes)}${where}`;
}

function filesInWords(files: readonly HeldFile[], sharedBytes: number): string {
  const largest = largestFile(files, sharedBytes);
  if (largest === undefined) return '';
  const { path, bytes, deleted } = largest;
  return `${deleted ? 'shared memory without a name' : 'the largest file in tmpfs'}, ${path}, has ${formatSize(bytes)}`;
}

/** @param sharedBytes a file that is larger is not the cage's alone */
function largestFile(files: readonly HeldFile[], sharedBytes: number): HeldFile | undefined {
  return files.find(({ bytes }) => bytes >= LEAST_TOLD && bytes <= sharedBytes * 1.1);
}
