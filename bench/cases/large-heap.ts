import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { byTurns } from '../support/by-turns';
import type { Case, Row } from '../support/case';
import type { Sample } from '../support/interleave';

const PARENT = join(__dirname, '../support/sized-parent.js');
const SMALL_MIB = 100;
const LARGE_MIB = 8192;
const MIB = 1024 * 1024;
/** For all of it, and what V8 needs beside. */
const HEAP_LIMIT = `--max-old-space-size=${LARGE_MIB + 900}`;

/** Starts by two processes in turns, of which one has a heap of 8 GiB. */
export const largeHeap: Case = {
  name: 'spawn-8gib',
  async run({ quick }) {
    const parents: ChildProcess[] = [];
    try {
      const small = await parentOf(SMALL_MIB, parents);
      const large = await parentOf(LARGE_MIB, parents);
      // The least of each: others on the machine can only make it longer.
      const options = {
        count: quick ? 100 : 300,
        warmUp: 20,
        block: 10,
        figure: (times: readonly number[]) => Math.min(...times),
      };
      const totals = await byTurns({ small: total(small, 'caged'), large: total(large, 'caged') }, options);
      const blocks = await byTurns({ small: block(small, 'caged'), large: block(large, 'caged') }, options);
      const stock = { ...options, count: quick ? 10 : 30, warmUp: 3, block: 5 };
      const beside = await byTurns({ stock: total(large, 'stock'), caged: total(large, 'caged') }, stock);
      return [
        row('caged spawn, 8 GiB of heap in the parent over 100 MiB', totals.large, totals.small, 1.15),
        row('time that spawn() blocks, 8 GiB over 100 MiB', blocks.large, blocks.small, 1.15),
        row('caged spawn over stock spawn, 8 GiB of heap in the parent', beside.caged, beside.stock, 0.8),
      ];
    } finally {
      for (const parent of parents) parent.kill();
    }
  },
};

async function parentOf(mib: number, parents: ChildProcess[]): Promise<ChildProcess> {
  const parent = fork(PARENT, [String(mib)], { execArgv: [HEAP_LIMIT] });
  parents.push(parent);
  const [{ residentBytes }] = (await once(parent, 'message')) as [{ residentBytes: number }];
  if (residentBytes < mib * MIB) throw new Error(`the parent holds ${Math.round(residentBytes / MIB)} MiB only`);
  return parent;
}

const total = (parent: ChildProcess, kind: string) => async (): Promise<number> => (await ask(parent, kind)).totalMs;
const block = (parent: ChildProcess, kind: string) => async (): Promise<number> => (await ask(parent, kind)).blockMs;

async function ask(parent: ChildProcess, kind: string): Promise<Sample> {
  parent.send(kind);
  const [sample] = (await once(parent, 'message')) as [Sample];
  return sample;
}

function row(measure: string, ours: number, theirs: number, bound: number): Row {
  const figure = ours / theirs;
  return { measure, value: `${figure.toFixed(3)} (${ours.toFixed(3)} ms / ${theirs.toFixed(3)} ms)`, figure, bound };
}
