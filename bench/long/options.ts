import { parseArgs } from 'node:util';
import { isPlant, type PlantName } from './planted';

export interface SoakOptions {
  starts: number;
  seed: number;
  /** It ends then, however many there were. */
  minutes: number;
  /** Starts between two samples. */
  every: number;
  /** Starts at a time. */
  lines: number;
  /** Calls of the addon for one that fails. */
  faults: number;
  /** Where the samples go. */
  out: string | undefined;
  planted: PlantName | undefined;
  /** Only kinds with this name; none for all. */
  only: string | undefined;
}

export function readOptions(words: readonly string[]): SoakOptions {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string', default: '1440' },
      every: { type: 'string' },
      lines: { type: 'string', default: '16' },
      faults: { type: 'string', default: '5000' },
      out: { type: 'string' },
      planted: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const starts = number('STARTS', positionals[0] ?? '1000000');
  const { planted } = values;
  if (planted !== undefined && !isPlant(planted)) throw new Error(`nothing like '${planted}' can be planted`);
  return {
    starts,
    seed: number('--seed', values.seed ?? String(Date.now() % 1_000_000)),
    minutes: number('--minutes', values.minutes),
    every: number('--every', values.every ?? String(Math.min(5000, Math.ceil(starts / 20)))),
    lines: number('--lines', values.lines),
    faults: number('--faults', values.faults),
    out: values.out,
    planted,
    only: values.only,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} takes a number, not '${text}'`);
  return value;
}
