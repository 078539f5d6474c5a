import { element, type Markup, text } from '../../../common/drawing/markup';
import type { NodeProcess } from '../heap/messages';
import type { EvidenceReport } from '../report';
import { amount, cell, long, mebibytes, section, table } from './figures';
import { fileWords, MOST_FILES } from './holders';
import { MAPPED } from './kinds';

const MOST_MAPPINGS = 12;
const MOST_LINES = 8;
const LEAST_BYTES = 64 * 1024;
const LEAST_NATIVE = 1024 ** 2;

/** The largest mappings of all processes. */
export function mappings({ processes }: EvidenceReport): Markup[] {
  const all = processes
    .flatMap((process) => process.mappings.map((mapping) => ({ mapping, process })))
    .filter(({ mapping }) => mapping.heldBytes >= LEAST_BYTES)
    .sort((one, other) => other.mapping.heldBytes - one.mapping.heldBytes)
    .slice(0, MOST_MAPPINGS);
  if (all.length === 0) return [];
  const rows = all.map(({ mapping: { heldBytes, name, kind }, process: { name: whose, pid } }) =>
    element(
      'tr',
      {},
      amount(heldBytes),
      cell('what', long('path', name), element('div', { class: 'muted small' }, text(MAPPED[kind]))),
      cell('whose', text(`${whose} (pid ${pid})`)),
    ),
  );
  const columns = [
    ['num', 'held'],
    ['what', 'mapping'],
    ['whose', 'process'],
  ] as const;
  return section('The largest mappings', table('list', columns, rows));
}

export function files(report: EvidenceReport): Markup[] {
  // The tree has a few.
  if (report.files.length <= MOST_FILES) return [];
  const rows = report.files.map((file) => element('tr', {}, amount(file.bytes), cell('what', ...fileWords(file))));
  const columns = [
    ['num', 'size'],
    ['what', 'file'],
  ] as const;
  return section('The largest files in memory', table('list', columns, rows));
}

const NATIVE = {
  buffers: 'Buffers',
  otherExternal: 'other memory outside of the heap',
  malloced: "V8's own",
  code: 'compiled code',
  scripts: 'source text',
} as const;

/** Of each Node process that answered. */
export function nodeHeaps({ node }: EvidenceReport): Markup[] {
  return node.flatMap((heap) => {
    const { pid, stack } = heap;
    const where = stack.length === 0 ? [] : [element('p', { class: 'muted' }, text('It was here:'))];
    const lines = stack.slice(0, MOST_LINES).map((line) => long('path', line));
    return section(
      `The heap of Node, pid ${pid}`,
      element('p', {}, text(heapFacts(heap).join(' · '))),
      ...types(heap),
      ...where,
      ...lines,
    );
  });
}

function heapFacts({ heapUsedBytes, heapLimitBytes, native, snapshot }: NodeProcess): string[] {
  const outside = (Object.keys(NATIVE) as (keyof typeof NATIVE)[])
    .filter((kind) => native[kind] >= LEAST_NATIVE)
    .map((kind) => `${NATIVE[kind]} ${mebibytes(native[kind])}`);
  const heap = `JavaScript ${mebibytes(heapUsedBytes)} of at most ${mebibytes(heapLimitBytes)}`;
  return [heap, ...outside, ...(snapshot === null ? [] : [`open ${snapshot} in the DevTools of Chromium`])];
}

function types({ types: all }: NodeProcess): Markup[] {
  if (all.length === 0) return [];
  const rows = all.map(({ name, count, ownBytes, retainedBytes }) =>
    element(
      'tr',
      {},
      amount(retainedBytes ?? ownBytes),
      cell('num', text(count.toLocaleString('en'))),
      cell('what', long('path', name)),
    ),
  );
  const columns = [
    ['num', all[0]?.retainedBytes === null ? 'own size' : 'retained'],
    ['num', 'objects'],
    ['what', 'type'],
  ] as const;
  return [table('list', columns, rows)];
}

export function unread(report: EvidenceReport): Markup[] {
  if (report.unread.length === 0) return [];
  const items = report.unread.map((what) => element('li', {}, text(what)));
  return section('Not read', element('ul', {}, ...items));
}
