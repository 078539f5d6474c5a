import { element, type Markup, text } from '../../../common/drawing/markup';
import type { HeldFile } from '../messages';
import type { EvidenceReport } from '../report';
import { amount, bar, cell, long, mebibytes, span, table } from './figures';
import { type BarPart, MAPPED, partsOf } from './kinds';
import { type Branch, treeOf } from './process-tree';

const MAPPED_KINDS = Object.keys(MAPPED) as (keyof typeof MAPPED)[];
const MOST_PROCESSES = 50;
export const MOST_FILES = 5;
const MOST_INDENT = 10;
const BAR_HEIGHT = 14;
/** Less is not worth a row, or a word. */
const LEAST_BYTES = 1024 ** 2;
/** Of what is held, more than that has to be explained. */
const UNKNOWN_SHARE = 0.05;

interface Row {
  className?: string;
  who: readonly Markup[];
  parts: readonly BarPart[];
  bytes: number;
  totalBytes?: number | undefined;
  depth?: number;
}

/** Who held what: the processes as a tree, and below them what is nobody's. */
export function holders(report: EvidenceReport): Markup {
  const { processes, cage } = report;
  const { branches, rest } = treeOf(processes, MOST_PROCESSES);
  const hasChildren = branches.some((branch) => branch.hasChildren);
  const rows = [...branches.map(processRow), ...restRow(rest), ...nobodys(report)];
  const columns = [
    ['who', 'who'],
    ['share', 'of the limit'],
    ['num', 'held'],
    ...(hasChildren ? [['num total', 'with children'] as const] : []),
  ] as const;
  return table(
    hasChildren ? 'holders nested' : 'holders',
    columns,
    rows.map((row) => markupOf(row, { limitBytes: cage.limitBytes, hasChildren })),
  );
}

function markupOf(row: Row, { limitBytes, hasChildren }: { limitBytes: number; hasChildren: boolean }): Markup {
  const { className, who, parts, bytes, totalBytes, depth = 0 } = row;
  const total = totalBytes === undefined ? cell('num total') : amountOf('num total', totalBytes);
  return element(
    'tr',
    { class: className },
    element('td', { class: `who depth${Math.min(depth, MOST_INDENT)}` }, ...who),
    cell('share', bar(parts, limitBytes, BAR_HEIGHT)),
    amount(bytes),
    ...(hasChildren ? [total] : []),
  );
}

function amountOf(className: string, bytes: number): Markup {
  return cell(className, text(mebibytes(bytes)));
}

function processRow({ process, depth, totalBytes, hasChildren }: Branch): Row {
  const { name, pid, command, kinds, heldBytes, threads } = process;
  const known = MAPPED_KINDS.map((kind) => ({ kind, bytes: kinds?.[kind] ?? 0 }))
    .filter(({ bytes }) => bytes >= LEAST_BYTES)
    .sort((one, other) => other.bytes - one.bytes)
    .map(({ kind, bytes }) => `${mebibytes(bytes)} ${MAPPED[kind]}`);
  return {
    who: [
      element('div', {}, span('name', name), span('muted', ` pid ${pid}${threads > 1 ? `, ${threads} threads` : ''}`)),
      ...(command === '' ? [] : [long('command', command)]),
      ...(known.length === 0 ? [] : [element('div', { class: 'muted small' }, text(known.join(' · ')))]),
    ],
    parts: partsOf(process),
    bytes: heldBytes,
    totalBytes: hasChildren ? totalBytes : undefined,
    depth,
  };
}

function restRow({ count, bytes }: { count: number; bytes: number }): Row[] {
  if (count === 0) return [];
  const who = [span('name', `${count} smaller ${count === 1 ? 'process' : 'processes'}`)];
  return [{ who, parts: [{ className: 'anon', bytes }], bytes }];
}

function nobodys(report: EvidenceReport): Row[] {
  const { kinds, processes, cage } = report;
  const unknown = kinds.programs - sumOf(processes, 'anon');
  return [
    ...(unknown > cage.heldBytes * UNKNOWN_SHARE ? [whole('anon', 'programs that could not be read', unknown)] : []),
    ...sharedRows(report),
    ...(kinds.kernel < LEAST_BYTES ? [] : [whole('kernel', 'the kernel: page tables, sockets, names', kinds.kernel)]),
    ...(kinds.pageCache < LEAST_BYTES ? [] : [whole('file', 'page cache, which the kernel can drop', kinds.pageCache)]),
  ];
}

function sumOf(processes: EvidenceReport['processes'], part: string): number {
  const shares = processes.flatMap(partsOf).filter(({ className }) => className === part);
  return shares.reduce((all, { bytes }) => all + bytes, 0);
}

/** What is in tmpfs, with its largest files, and in shared memory that nobody has mapped. */
function sharedRows({ kinds, processes, files }: EvidenceReport): Row[] {
  const unmapped = kinds.shared - sumOf(processes, 'shared');
  if (unmapped < LEAST_BYTES) return [];
  const largest = files.filter(({ bytes }) => bytes >= LEAST_BYTES).slice(0, MOST_FILES);
  return [
    whole('shared', 'files in tmpfs, and shared memory that no process maps', unmapped),
    ...largest.map((file) => ({
      who: fileWords(file),
      parts: [{ className: 'shared', bytes: file.bytes }],
      bytes: file.bytes,
      depth: 1,
    })),
  ];
}

function whole(className: string, name: string, bytes: number): Row {
  return { className: 'nobodys', who: [span('name', name)], parts: [{ className, bytes }], bytes };
}

export function fileWords({ path, deleted, pid, visibleOutside }: HeldFile): Markup[] {
  const notes = [
    deleted ? `has no name in a file system; process ${pid} has it` : `seen by process ${pid}`,
    ...(visibleOutside ? ['processes outside of the cage see it too: it may be theirs'] : []),
  ];
  return [long('path', path), element('div', { class: 'muted small' }, text(notes.join(' · ')))];
}
