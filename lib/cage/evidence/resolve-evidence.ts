import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { CURE, mention, words } from '../../common/errors/words';
import { isRecord, readOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';

/** The option `evidence` after validation. */
export interface ResolvedEvidence {
  /** Absolute. */
  dir: string;
  /** A part of the limit, from 0 to 1. */
  at: number;
  /** What a heap snapshot may take beyond the limit. Undefined: there is none. */
  extraBytes?: number;
}

/** The snapshot of a Node that does nothing takes more. */
const LEAST_EXTRA = 16 * 1024 ** 2;
const DEFAULT_PERCENT = 95;
const PERCENTAGE = /^([5-9]\d)%$/;

/**
 * Validates the option `evidence`. Makes nothing.
 *
 * @param limits those of the same cage
 */
export function resolveEvidence(given: unknown, limits: CageLimits | undefined, of: string): ResolvedEvidence {
  if (!isRecord(given)) throw invalidArgument('evidence', "an object such as { dir: 'evidence' }", given);
  const { dir, at, heapSnapshot, extra } = readOptions(given, {
    of,
    within: 'evidence',
    known: ['dir', 'at', 'heapSnapshot', 'extra'],
  }) as Record<string, unknown>;
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0')) {
    throw invalidArgument('evidence.dir', 'the path of a directory', dir);
  }
  const percent = at === undefined ? DEFAULT_PERCENT : Number(typeof at === 'string' && PERCENTAGE.exec(at)?.[1]);
  if (!percent) throw invalidArgument('evidence.at', "a whole percentage from '50%' to '99%'", at);
  if ((limits?.memory.max ?? Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY) {
    throw contradiction(
      'evidence',
      words`${mention('evidence')} needs a limit of memory of the same cage, which can be reached${CURE}${mention('memory')} beside it`,
    );
  }
  const extraBytes = resolveExtra(heapSnapshot, extra);
  const absolute = resolve(dir);
  refuseUnwritable(absolute);
  return { dir: absolute, at: percent / 100, ...(extraBytes !== undefined && { extraBytes }) };
}

function resolveExtra(heapSnapshot: unknown, extra: unknown): number | undefined {
  if (heapSnapshot !== undefined && typeof heapSnapshot !== 'boolean') {
    throw invalidArgument('evidence.heapSnapshot', 'true or false', heapSnapshot);
  }
  const heaps = mention('evidence.heapSnapshot', 'heapSnapshot: true');
  if (heapSnapshot !== true) {
    if (extra === undefined) return undefined;
    throw contradiction(
      'evidence.extra',
      words`${mention('evidence.extra')} is for a heap snapshot${CURE}${heaps} beside it`,
    );
  }
  if (extra === undefined) {
    throw contradiction(
      'evidence.heapSnapshot',
      words`${mention('evidence.heapSnapshot')} needs memory beyond the limit, 4 to 20 times the heap in use${CURE}${mention('evidence.extra')} beside it, as much as the machine can spare`,
    );
  }
  const isSize = typeof extra === 'number' || typeof extra === 'string';
  const bytes = isSize ? checkSize('evidence.extra', extra) : Number.NaN;
  if (bytes >= LEAST_EXTRA && bytes < Number.POSITIVE_INFINITY) return bytes;
  throw invalidArgument('evidence.extra', "a size of at least 16 MiB such as '2G'", extra);
}

/** Makes the directory for reports. */
export function makeEvidenceDirectory(dir: string): void {
  try {
    make(dir);
    refuseUnwritable(dir);
  } catch (error) {
    throw error instanceof TypeError ? error : unwritable(error);
  }
}

/** As `mkdirSync()` does with `recursive`, which never ends where the parent is there and refuses with ENOENT, as /proc does. */
function make(dir: string): void {
  if (existsSync(dir)) return;
  make(dirname(dir));
  try {
    mkdirSync(dir, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function refuseUnwritable(dir: string): void {
  try {
    const { path, isDirectory } = nearest(dir);
    if (!isDirectory) throw Object.assign(new Error(`${path} is no directory`), { code: 'ENOTDIR' });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(error);
  }
}

/** The directory itself, or the nearest one above it that is there. */
function nearest(path: string): { path: string; isDirectory: boolean } {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) return { path, isDirectory: found.isDirectory() };
  return nearest(dirname(path));
}

function unwritable(cause: unknown): TypeError {
  const why = words`Nothing can be written to ${mention('evidence.dir')} (${(cause as Error).message})`;
  return contradiction('evidence.dir', words`${why}${CURE}name a directory that this process may write to`);
}
