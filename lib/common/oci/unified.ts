import type { MemoryLimits } from '../../../types/options';
import { invalidArgument } from '../errors/argument-errors';
import { MOST_WEIGHT } from '../options/checks';
import { checkBytes, checkPeriod, translatePids, translateQuota, translateSet } from './fields';
import { keyPath, RESOURCES_PATH } from './resources';
import type { Translation } from './translation';

const PATH = `${RESOURCES_PATH}.unified`;
/** What the kernel's memparse() takes, without the sizes that no machine has. */
const BYTES = /^(\d+)([KMGTP]?)$/i;
const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** Translates the text that would be written to a file. */
type FileText = (path: string, text: string, into: Translation) => void;

/** The files of cgroup v2 whose meaning memcage's options have. */
const FILES: Readonly<Record<string, FileText>> = {
  'memory.max': size('max'),
  'memory.high': size('high'),
  'memory.low': size('low', { zero: true }),
  'memory.min': size('min', { zero: true }),
  'memory.swap.max': size('swap', { zero: true }),
  'memory.swap.high': size('swapHigh', { zero: true }),
  'memory.zswap.max': size('zswap', { zero: true }),
  'memory.oom.group': (path, text, into) => {
    if (text !== '0' && text !== '1') throw invalidArgument(path, "'0' or '1'", text);
    into.set(path, 'memory', 'oomGroup', text === '1');
  },
  'pids.max': (path, text, into) => translatePids(path, text === 'max' ? -1 : whole(path, text), into),
  'cpu.max': (path, text, into) => {
    const [, quota, period] = /^(max|\d+)(?:\s+(\d+))?$/.exec(text) ?? [];
    if (quota === undefined) throw invalidArgument(path, "microseconds as in '50000 100000', or 'max'", text);
    if (period !== undefined) checkPeriod(path, Number(period));
    const times = {
      quota: quota === 'max' ? -1 : Number(quota),
      period: period === undefined ? period : Number(period),
    };
    translateQuota(path, times, into);
  },
  'cpu.weight': (path, text, into) => {
    const weight = whole(path, text);
    if (weight < 1 || weight > MOST_WEIGHT) throw invalidArgument(path, `an integer from 1 to ${MOST_WEIGHT}`, text);
    into.set(path, 'cpu', 'weight', weight);
  },
  'cpuset.cpus': translateSet,
};

/** The files of cgroup v2 that the configuration names itself. */
export function translateUnified(files: ReadonlyMap<string, string>, into: Translation): void {
  for (const [name, text] of files) {
    const path = keyPath(PATH, name);
    const translate = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
    if (translate === undefined) into.lacks(path);
    else if (into.version === 1) into.lacks(path, 'cgroup v2 only');
    // The kernel strips what is around the value.
    else translate(path, text.trim(), into);
  }
}

type SizeName = { [N in keyof MemoryLimits]-?: number | 'max' extends MemoryLimits[N] ? N : never }[keyof MemoryLimits];

function size(name: SizeName, options?: { zero: boolean }): FileText {
  return (path, text, into) => {
    const [, amount, unit = ''] = BYTES.exec(text) ?? [];
    if (text !== 'max' && amount === undefined) throw invalidArgument(path, "a number of bytes, or 'max'", text);
    const bytes = text === 'max' ? -1 : Number(amount) * 1024 ** UNITS.indexOf(unit.toUpperCase());
    into.set(path, 'memory', name, checkBytes(path, bytes, options));
  };
}

function whole(path: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalidArgument(path, 'a whole number', text);
}
