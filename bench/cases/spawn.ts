import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case, Row } from '../support/case';
import type { Sample } from '../support/interleave';
import type { Asked } from '../support/start-kinds';
import { median } from '../support/stats';

const STARTS = join(__dirname, '../support/start-kinds.js');

/** The bound of the time to the end of the child, and of the time that the call blocks, over Node's spawn in a process without memcage. */
type Bounds = Readonly<Record<string, readonly [total: number, block: number]>>;

const PLAIN = "Node's own, after the first cage";

const SMALL: Bounds = {
  [PLAIN]: [1.15, 1.2],
  'private cage': [1, 0.6],
  'private cage, three namespaces': [1.15, 0.7],
  'shared cage': [1.3, 1],
  'job of a budget': [1.6, 1.5],
  'contain()': [1.3, 1],
  '`uid`, `gid`': [1.3, 1],
  'seccomp filter': [1.3, 1],
  'time namespace': [1.3, 1],
  // Namespaces, mounts and what ends them are the kernel's, and the init is another process.
  '`untrusted`': [3.6, 4],
};

const LARGE: Bounds = {
  [PLAIN]: [1.1, 1.1],
  'private cage': [0.05, 0.03],
  'private cage, three namespaces': [0.05, 0.03],
  'shared cage': [0.06, 0.04],
  'job of a budget': [0.06, 0.04],
  'contain()': [0.06, 0.04],
  '`uid`, `gid`': [0.06, 0.04],
  'seccomp filter': [0.06, 0.04],
  'time namespace': [0.06, 0.04],
};

const PACED: Bounds = { 'private cage': [1.1, 0.8], 'shared cage': [1.3, 1] };

/** Each kind of start, by turns with that of a process that never loaded memcage. */
export const spawnSmall = startCase('spawn', SMALL, { rounds: 60, block: 20 });
export const spawnLarge = startCase('spawn-1gib', LARGE, { mib: 1024, rounds: 10, block: 4 });
export const spawnPaced = startCase('spawn-paced', PACED, { rounds: 15, block: 1, pauseMs: 500 });

interface Turns {
  /** What each parent holds. */
  mib?: number;
  rounds: number;
  /** Starts of one kind in a row. */
  block: number;
  pauseMs?: number;
}

function startCase(name: string, bounds: Bounds, { mib = 0, rounds, block, pauseMs = 0 }: Turns): Case {
  return {
    name,
    async run({ quick }) {
      const parents = ['plain', 'caged', 'memcage'].map((which) => fork(STARTS, [which, String(mib)]));
      try {
        const kinds: Kind[] = [];
        for (const by of parents) {
          const [names] = (await once(by, 'message')) as [string[]];
          kinds.push(...names.map((kind) => ({ kind, by, samples: [] })));
        }
        const [base, ...others] = kinds as [Kind, ...Kind[]];
        const asked = others.filter(({ kind }) => kind in bounds);
        for (let round = 0; round < (quick ? Math.ceil(rounds / 6) : rounds); round += 1) {
          for (const turn of round % 2 === 0 ? [base, ...asked] : [...asked, base].reverse()) {
            await sleep(pauseMs);
            turn.samples.push(...(await ask(turn.by, { kind: turn.kind, count: block })));
          }
        }
        const where = mib === 0 ? '' : `, ${mib / 1024} GiB in the parent`;
        return asked.flatMap(({ kind, samples }) => rowsOf(`${kind}${where}`, samples, base.samples, bounds[kind]));
      } finally {
        for (const parent of parents) parent.disconnect();
      }
    },
  };
}

interface Kind {
  kind: string;
  by: ChildProcess;
  samples: Sample[];
}

async function ask(parent: ChildProcess, asked: Asked): Promise<Sample[]> {
  parent.send(asked);
  return ((await once(parent, 'message')) as [Sample[]])[0];
}

function rowsOf(
  kind: string,
  ours: readonly Sample[],
  theirs: readonly Sample[],
  bounds: Bounds[string] = [1, 1],
): Row[] {
  return (['totalMs', 'blockMs'] as const).map((field, index) => {
    const [own, base] = [ours, theirs].map((samples) => median(samples.map((sample) => sample[field]))) as [
      number,
      number,
    ];
    const figure = own / base;
    return {
      measure: `${field === 'totalMs' ? 'spawn' : 'time that it blocks'}, ${kind}`,
      value: `${figure.toFixed(3)} (${own.toFixed(3)} ms / ${base.toFixed(3)} ms)`,
      figure,
      bound: bounds[index] as number,
      claim: [kind, index] as const,
    };
  });
}
