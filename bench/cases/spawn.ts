import { createCage } from 'memcage';
import { holdBuffers } from '../support/ballast';
import type { Case, Row } from '../support/case';
import { interleave, type Medians } from '../support/interleave';
import { caged, PROGRAM, stock } from '../support/starts';

const kinds = { stock, caged };

export const spawnSmall: Case = {
  name: 'spawn',
  async run({ quick }) {
    const count = quick ? 300 : 2000;
    const medians = await interleave(kinds, { count, warmUp: 300, pauseMs: 0, block: 10 });
    return [total('caged spawn over stock spawn, small parent', medians, 0.8), block('small parent', medians, 0.5)];
  },
};

export const spawnPaced: Case = {
  name: 'spawn-paced',
  async run({ quick }) {
    const medians = await interleave(kinds, { count: quick ? 5 : 20, warmUp: 100, pauseMs: 1000, block: 1 });
    return [total('the same, starts one second apart', medians, 1.0)];
  },
};

export const spawnLarge: Case = {
  name: 'spawn-1gib',
  async run({ quick }) {
    const ballast = holdBuffers(1024);
    const medians = await interleave(kinds, { count: quick ? 20 : 100, warmUp: 20, pauseMs: 0, block: 10 });
    ballast.check();
    return [total('the same, 1 GiB of Buffers in the parent', medians, 0.05), block('1 GiB', medians, 0.03)];
  },
};

export const spawnShared: Case = {
  name: 'spawn-shared',
  async run({ quick }) {
    const cage = createCage({ memory: '100M' });
    const both = { stock, caged: () => cage.spawn(PROGRAM, [], { stdio: 'ignore' }) };
    try {
      const medians = await interleave(both, { count: quick ? 300 : 2000, warmUp: 300, pauseMs: 0, block: 10 });
      return [total('spawn in a shared cage over stock spawn', medians, 2), block('shared cage', medians, 1.6)];
    } finally {
      await cage.close();
    }
  },
};

type Both = Medians<keyof typeof kinds>;

function total(measure: string, medians: Both, bound: number): Row {
  return row(measure, medians.caged.totalMs, medians.stock.totalMs, bound);
}

function block(parent: string, medians: Both, bound: number): Row {
  return row(`time spawn() blocks over stock, ${parent}`, medians.caged.blockMs, medians.stock.blockMs, bound);
}

function row(measure: string, ours: number, theirs: number, bound: number): Row {
  const figure = ours / theirs;
  return { measure, value: `${figure.toFixed(3)} (${ours.toFixed(3)} ms / ${theirs.toFixed(3)} ms)`, figure, bound };
}
