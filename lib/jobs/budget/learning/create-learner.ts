import type { LearnOptions } from '../../../cage/contract/budget';
import { invalidArgument } from '../../../common/errors/errors';
import { checkOptions } from '../../../common/options/option-names';
import { checkSize, formatSize } from '../../../common/text/size';
import { HistoryLearner } from './history-learner';
import { LearnFile } from './learn-file';
import type { Learner } from './learner';
import { LessonStore } from './lesson-store';
import type { LimitBounds } from './limit-rule';

const DEFAULT_FLOOR_BYTES = 16 * 1024 ** 2;
const NAMES = { of: 'createBudget', within: 'learn', known: ['file', 'floor', 'ceiling'] } as const;

/**
 * Checks the option `learn`, and reads its file.
 *
 * @param totalBytes the memory of the budget
 * @throws TypeError for a wrong option; ERR_MEMCAGE_LEARN_FILE for a file that can't be used
 */
export function createLearner(options: LearnOptions, { totalBytes }: { totalBytes: number }): Learner {
  const { file, floor, ceiling } = checkOptions(options, NAMES);
  const bounds = checkBounds(floor, ceiling, totalBytes);
  const store = new LessonStore(file === undefined ? undefined : LearnFile.open(checkPath(file)), Date.now);
  return new HistoryLearner(store, bounds, Date.now);
}

function checkBounds(floor: unknown, ceiling: unknown, totalBytes: number): LimitBounds {
  const ceilingBytes = ceiling === undefined ? totalBytes : checkSize('learn.ceiling', ceiling);
  if (ceilingBytes > totalBytes) {
    const expected = `at most the ${formatSize(totalBytes)} that the whole budget has`;
    throw invalidArgument('learn.ceiling', expected, ceiling);
  }
  if (floor === undefined) return { floorBytes: DEFAULT_FLOOR_BYTES, ceilingBytes };
  const floorBytes = checkSize('learn.floor', floor);
  if (floorBytes > ceilingBytes) {
    throw invalidArgument('learn.floor', `at most the ceiling of ${formatSize(ceilingBytes)}`, floor);
  }
  return { floorBytes, ceilingBytes };
}

function checkPath(file: unknown): string {
  if (typeof file === 'string' && file !== '' && !file.includes('\0')) return file;
  throw invalidArgument('learn.file', 'the path of a file (a string without null bytes)', file);
}
