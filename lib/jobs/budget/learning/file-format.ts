import { isRecord } from '../../../common/options/option-names';
import { Histogram } from './histogram';
import { Histories, MOST_KEYS } from './histories';
import { KeyHistory, MOST_JOBS } from './key-history';

/** How the file says what it is. */
const FORMAT = 'limits that memcage learned';
/** Higher once the rest has another meaning, such as other buckets. */
const VERSION = 1;
/** The last millisecond that Date knows. */
const LAST_MS = 8.64e15;

/** `[key, lastMs, jobs, [[bucket, weight], ...]]` */
type Entry = [key: string, lastMs: number, jobs: number, weights: [bucket: number, weight: number][]];

/** Writes one key in a line, the one that was used longest ago first. */
export function toText(histories: Histories): string {
  const lines = [...histories.entries()].map(([key, { lastMs, jobs, needs }]) => {
    const weights = needs.weights().map(([bucket, weight]): [number, number] => [bucket, rounded(weight)]);
    return JSON.stringify([key, lastMs, rounded(jobs), weights] satisfies Entry);
  });
  return `{"format":${JSON.stringify(FORMAT)},"version":${VERSION},"keys":[\n${lines.join(',\n')}\n]}\n`;
}

/**
 * @param nowMs a later time in the text is taken for this: the clock was wrong then
 * @throws SyntaxError that says what is wrong with the text
 */
export function parseText(text: string, nowMs: number): Histories {
  const content: unknown = JSON.parse(text);
  if (!isRecord(content) || content['format'] !== FORMAT) throw new SyntaxError('it is not a file of learned limits');
  const { version, keys } = content;
  if (version !== VERSION)
    throw new SyntaxError(`its version is ${JSON.stringify(version)}, and this memcage knows ${VERSION}`);
  if (!isList(keys)) throw new SyntaxError('it has no list of keys');
  const entries = keys.map((entry, index) => {
    const parsed = parseEntry(entry, nowMs);
    if (parsed === undefined) throw new SyntaxError(`entry ${index + 1} of its keys is not one`);
    return parsed;
  });
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw new SyntaxError('it has a key twice');
  return new Histories(entries.slice(-MOST_KEYS));
}

function parseEntry(entry: unknown, nowMs: number): [string, KeyHistory] | undefined {
  if (!isList(entry) || entry.length !== 4) return undefined;
  const [key, lastMs, jobs, weights] = entry;
  if (typeof key !== 'string' || !isWithin(lastMs, 0, LAST_MS) || !isWithin(jobs, 0, MOST_JOBS)) return undefined;
  const needs = parseWeights(weights);
  if (needs === undefined) return undefined;
  return [key, new KeyHistory(Math.min(lastMs, nowMs), jobs, needs)];
}

function parseWeights(weights: unknown): Histogram | undefined {
  if (!isList(weights) || weights.length === 0 || !weights.every(isPair)) return undefined;
  try {
    return Histogram.of(weights);
  } catch {
    return undefined;
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isPair(value: unknown): value is [number, number] {
  return isList(value) && value.length === 2 && value.every((each) => typeof each === 'number');
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

/** Never to 0: a weight is at least 2^-10. */
function rounded(weight: number): number {
  return Math.round(weight * 1e4) / 1e4;
}
