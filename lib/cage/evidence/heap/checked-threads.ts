import { isRecord } from '../../../common/options/option-names';
import { printable } from '../../../common/text/names';
import type { ThreadMemory } from './protocol';

const MOST_THREADS = 1000;
const MOST_LINES = 20;
const MOST_CHARACTERS = 200;

/** What a process says of its threads, which can be anything. */
export function checkedThreads(given: unknown): ThreadMemory[] {
  return listOf(given, MOST_THREADS).map((thread) => ({
    ...(typeof thread['session'] === 'string' && { session: thread['session'] }),
    title: textOf(thread['title']),
    heapUsed: numberOf(thread['heapUsed']),
    heapTotal: numberOf(thread['heapTotal']),
    heapLimit: numberOf(thread['heapLimit']),
    external: numberOf(thread['external']),
    arrayBuffers: numberOf(thread['arrayBuffers']),
    malloced: numberOf(thread['malloced']),
    code: numberOf(thread['code']),
    scripts: numberOf(thread['scripts']),
    spaces: listOf(thread['spaces'], MOST_LINES).map((space) => ({
      name: textOf(space['name']),
      usedBytes: numberOf(space['usedBytes']),
      sizeBytes: numberOf(space['sizeBytes']),
    })),
    stack: Array.isArray(thread['stack']) ? thread['stack'].slice(0, MOST_LINES).map(textOf) : [],
  }));
}

function listOf(given: unknown, most: number): Record<string, unknown>[] {
  return Array.isArray(given) ? given.slice(0, most).filter(isRecord) : [];
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? printable(given.slice(0, MOST_CHARACTERS)) : '';
}

function numberOf(given: unknown): number {
  return typeof given === 'number' && given >= 0 && Number.isFinite(given) ? given : 0;
}
