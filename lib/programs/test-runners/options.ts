import { invalidArgument } from '../../common/errors/argument-errors';
import { alreadyRead } from '../../common/options/accepted-options';
import { checkOptions } from '../../common/options/option-names';
import { checkSize, formatSize } from '../../common/text/size';
import type { EvidenceOption, Size } from '../../index';
import { checkedOptions } from '../../start/request/cage-options';

/**
 * How the workers of a test runner are limited.
 *
 * @experimental
 */
export interface CagedTestsOptions {
  /** The hard limit of each worker, with all that it starts. The worker that reaches it is killed, and its file fails. */
  memory: Size;
  /**
   * The hard limit of all workers together. At a time so many test files run as fit it, by what each has needed before, and no
   * more than the runner allows. Projects that run at the same time share it, and must give the same. Default: four fifths of
   * what is available.
   */
  total?: Size;
  /**
   * Where to keep what each file has needed, for the next run. A directory that is missing is made. A
   * path that is not absolute begins at the root of the project. Projects that run at the same time must give the same.
   * Default: `node_modules/.cache/memcage/test-files.json`.
   */
  learnFile?: string;
  /**
   * The weakest that may hold the limits: `'kernel'`, or `'polled'` where the kernel can't, which is said once on stderr.
   * Projects that run at the same time must give the same. Default: `'polled'`.
   */
  enforce?: 'kernel' | 'polled';
  /**
   * Tells what fills the memory of a worker, before the kernel kills it: the error of its file has three lines of it. Where the
   * kernel can't hold the limits, no test runs then. Default: none.
   *
   * @see docs/reference/evidence.md
   */
  evidence?: EvidenceOption;
}

/** {@link CagedTestsOptions}, checked. */
export interface Plan {
  readonly memoryBytes: number;
  /** Undefined for the default. */
  readonly totalBytes: number | undefined;
  /** Undefined for the default. */
  readonly learnFile: string | undefined;
  readonly enforce: 'kernel' | 'polled';
  readonly evidence: EvidenceOption | undefined;
}

const KNOWN = ['memory', 'total', 'learnFile', 'enforce', 'evidence'] as const;
const ALIASES = {
  limit: 'memory',
  memorylimit: 'memory',
  perworker: 'memory',
  totalmemory: 'total',
  max: 'total',
  file: 'learnFile',
  cachefile: 'learnFile',
};

/**
 * @param of the function, for errors
 * @throws TypeError or RangeError for what is wrong
 */
export function readPlan(options: unknown, of: string): Plan {
  const given = checkOptions(options, {
    of,
    known: KNOWN,
    aliases: ALIASES,
    example: "{ memory: '400M', total: '4G' }",
  });
  const { learnFile, enforce = 'polled' } = given;
  if (given.memory === undefined)
    throw invalidArgument('memory', "the limit of each worker, such as '400M'", undefined);
  const memoryBytes = checkSize('memory', given.memory);
  const totalBytes = given.total === undefined ? undefined : checkSize('total', given.total);
  if (totalBytes !== undefined && totalBytes < memoryBytes) {
    throw invalidArgument('total', `no less than memory, which is ${formatSize(memoryBytes)}`, given.total);
  }
  if (learnFile !== undefined && (typeof learnFile !== 'string' || learnFile === '' || learnFile.includes('\0'))) {
    throw invalidArgument('learnFile', 'the path of a file (a string without null bytes)', learnFile);
  }
  if (enforce !== 'kernel' && enforce !== 'polled') throw invalidArgument('enforce', "'kernel' or 'polled'", enforce);
  const evidence = given.evidence as EvidenceOption | undefined;
  if (evidence !== undefined) checkedOptions({ memory: memoryBytes, evidence }, alreadyRead({ of }));
  return { memoryBytes, totalBytes, learnFile, enforce, evidence };
}
