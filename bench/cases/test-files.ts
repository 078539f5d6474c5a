import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byTurns } from '../support/by-turns';
import type { Case, Row } from '../support/case';
import { drawJobs, MOST_MIB } from '../support/drawn-jobs';
import { randomFrom } from '../support/random';
import { median } from '../support/stats';

const ROOT = join(__dirname, '../../..');
const MIB = 2 ** 20;
const FILES = 60;
/** What the published sizes are multiplied by, so that they fit small machines. The worker's own memory comes on top. */
const SCALE = 0.125;
const TOTAL_MIB = 480;
const LIMIT_MIB = 450;
const MOST_WORKERS = 8;
/** How long a file holds its memory. */
const HOLD_MS = 800;
/** How much a file's memory differs from run to run, as a part of it. */
const JITTER = 0.05;
/** As lib/jobs/budget/learning has them: buckets of sizes, and what is added to the need of a file with many runs. */
const GROWTH = 1.02;
const MANY_JOBS = 1000;
const MARGIN = 1.15 + 0.3 / MANY_JOBS;

/**
 * A suite of 60 test files, whose memory is as in the distribution of the case `budget`, in Vitest with memcage's pool: with what it learns,
 * and with what an oracle knows of each run. TEST_FILES_RUNS (3) is how many runs each has: 100 take 40 minutes.
 */
export const testFiles: Case = {
  name: 'test-files',
  async run({ quick }) {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-bench-tests-'));
    try {
      const suite = new Suite(directory);
      return await compare(suite, quick ? 1 : Number(process.env.TEST_FILES_RUNS ?? 3));
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

async function compare(suite: Suite, runs: number): Promise<Row[]> {
  const firstMs = await suite.run('learned.json');
  const ownMib = suite.ownMib('learned.json');
  const { learned, oracle } = await byTurns(
    {
      learned: () => suite.run('learned.json'),
      oracle: () => {
        suite.foretell('oracle.json', ownMib);
        return suite.run('oracle.json');
      },
    },
    { count: runs, warmUp: 0, block: 1 },
  );
  const { lost, again, peakBytes } = suite.counts;
  return [
    {
      measure: `tests: seconds of the first run of ${FILES} files, ${TOTAL_MIB} MiB`,
      value: (firstMs / 1000).toFixed(1),
    },
    {
      measure: 'tests: seconds of a run, of the oracle',
      value: [learned, oracle].map((ms) => (ms / 1000).toFixed(1)).join(', '),
    },
    { measure: 'tests: time by what was learned, of that of an oracle', ...figure(learned / oracle), bound: 1.11 },
    {
      measure: `tests: runs lost of ${2 * runs + 1}`,
      value: `${lost}, and ${again} files run again`,
      figure: lost,
      bound: 0,
    },
    {
      measure: 'tests: highest memory of all workers, of the total',
      ...figure(peakBytes / (TOTAL_MIB * MIB)),
      bound: 1,
    },
  ];
}

const figure = (value: number) => ({ value: value.toFixed(3), figure: value });

/** A project with tests. */
class Suite {
  readonly counts = { lost: 0, again: 0, peakBytes: 0 };
  readonly #sizes: readonly number[];
  readonly #random = randomFrom(2);
  #needs: number[] = [];
  /** Those of the run before. */
  #before: number[] = [];

  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#sizes = drawJobs({ seed: 1, count: FILES, shape: 'late', correlation: 0, scale: SCALE }).map(({ peakMib }) =>
      Math.min(peakMib, SCALE * MOST_MIB),
    );
    this.#draw();
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(ROOT, join(directory, 'node_modules/memcage'));
    symlinkSync(join(ROOT, 'node_modules/vitest'), join(directory, 'node_modules/vitest'));
    this.#write('package.json', '{"type":"module"}');
    this.#write('vitest.config.mjs', CONFIG);
    for (const index of this.#sizes.keys()) this.#write(`${index}.test.js`, testOf(index));
  }

  /** Milliseconds of a run of all files. */
  async run(learnFile: string): Promise<number> {
    this.#write('needs.json', JSON.stringify(this.#needs));
    const args = [join('node_modules/vitest/vitest.mjs'), 'run', `--maxWorkers=${MOST_WORKERS}`];
    const started = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: this.#directory,
      env: { ...process.env, LEARN_FILE: join(this.#directory, learnFile), NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    const ms = performance.now() - started;
    const { counts } = this;
    if (code !== 0) {
      counts.lost += 1;
      console.error(text);
    }
    counts.again += text.match(/: it runs again, alone/g)?.length ?? 0;
    counts.peakBytes = Math.max(counts.peakBytes, Number(this.#read('peak')));
    this.#draw();
    return ms;
  }

  /** What a worker uses beside what its test takes, in MiB. */
  ownMib(learnFile: string): number {
    const { keys } = JSON.parse(this.#read(learnFile)) as { keys: [string, number, number, [number, number][]][] };
    return median(
      keys.map(
        ([key, , , weights]) => GROWTH ** (weights.at(-1)?.[0] ?? 0) - (this.#before[Number.parseInt(key, 10)] ?? 0),
      ),
    );
  }

  /** Writes what is to be learned for the need of each file to be what the next run has. */
  foretell(learnFile: string, ownMib: number): void {
    const keys = this.#needs.map((mib, index) => {
      const bucket = Math.ceil(Math.log((mib + ownMib) / MARGIN) / Math.log(GROWTH));
      return [`${index}.test.js`, Date.now(), MANY_JOBS, [[Math.max(0, bucket), 1]]];
    });
    this.#write(learnFile, JSON.stringify({ format: 'limits that memcage learned', version: 1, keys }));
  }

  /** What the files take in the next run. */
  #draw(): void {
    this.#before = this.#needs;
    this.#needs = this.#sizes.map((mib) => mib * (1 + JITTER * (2 * this.#random() - 1)));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text);
  }

  #read(name: string): string {
    return readFileSync(join(this.#directory, name), 'utf8');
  }
}

const CONFIG = `
import { writeFileSync } from 'node:fs';
import { openCages } from 'memcage/machine';
import { caged } from 'memcage/vitest';
const total = ${TOTAL_MIB * MIB};
const pool = caged({ memory: ${LIMIT_MIB * MIB}, total, learnFile: process.env.LEARN_FILE, enforce: 'kernel' });
const notePeak = {
  onTestRunEnd() {
    const found = openCages().find(({ cgroup }) => cgroup.limits().max === total);
    writeFileSync('peak', String(found.cgroup.peak()));
  },
};
export default { test: { pool, reporters: ['dot', notePeak] } };
`;

const testOf = (index: number): string => `
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
test('takes its memory', async () => {
  const mib = JSON.parse(readFileSync('needs.json', 'utf8'))[${index}];
  const held = Buffer.alloc(Math.ceil(mib * 2 ** 20), 1);
  await new Promise((resolve) => setTimeout(resolve, ${HOLD_MS}));
  if (held[0] !== 1) throw new Error('lost');
});
`;
