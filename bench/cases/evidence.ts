import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CagedSpawnOptions, spawn } from 'memcage';
import type { Case, Row } from '../support/case';
import { type Leak, Leaks } from '../support/memory-leaks';
import { median } from '../support/stats';

/** Leaks of each kind. `EVIDENCE_LEAKS` overrides it. */
const LEAKS = 10;
const MEGABYTES_PER_SECOND = 200;
const LIMIT = '200M';
const PAIRS = { quick: 5, full: 15 };
const FILE_MIB = 128;

/** Whether each leak has a report that names the kind of memory and the process, and what that costs where there is none. */
export const evidence: Case = {
  name: 'evidence',
  async run({ quick }) {
    const leaks = new Leaks();
    try {
      const count = Number(process.env.EVIDENCE_LEAKS ?? LEAKS);
      const rows: Row[] = [];
      for (const leak of leaks.at(MEGABYTES_PER_SECOND)) rows.push(await told(leak, count, leaks));
      const pairs = quick ? PAIRS.quick : PAIRS.full;
      return [
        ...rows,
        await lost('computes', COMPUTES, '200M', pairs, leaks),
        await lost('writes and reads files', FILES, '64M', pairs, leaks),
      ];
    } finally {
      leaks.close();
    }
  },
};

async function told(
  { name, kinds, marker, command: [file, ...args], prepare }: Leak,
  count: number,
  leaks: Leaks,
): Promise<Row> {
  let missed = 0;
  let slowestMs = 0;
  for (let run = 0; run < count; run += 1) {
    prepare?.();
    const child = spawn(file, args, {
      ...{
        memory: LIMIT,
        nodeHeap: false,
        evidence: { dir: leaks.reports },
        stdio: 'ignore',
        root: { tmpfs: ['/mnt'] },
      },
    });
    const { evidence: found } = await child.outcome;
    slowestMs = Math.max(slowestMs, found?.frozenMs ?? 0);
    const isRight = found !== null && kinds.includes(found.kind) && largest(found.path).includes(marker);
    if (!isRight) console.error(`${name}: ${found?.message ?? 'no report'}`);
    if (!isRight) missed += 1;
  }
  const value = `${count - missed} of ${count}, frozen for ${slowestMs.toFixed(0)} ms at most`;
  return { measure: `leaks of ${name} told`, value, figure: missed, bound: 0 };
}

/** The command line of the process that held most. */
function largest(path: string | null): string {
  if (path === null) return '';
  const { processes } = JSON.parse(readFileSync(join(path, 'report.json'), 'utf8')) as {
    processes: { command: string }[];
  };
  return processes[0]?.command ?? '';
}

const COMPUTES = `
let sum = 0;
for (let i = 0; i < 2e6; i += 1) sum += JSON.stringify({ i, kept: Buffer.alloc(64) }).length;`;

const FILES = `
const fs = require('node:fs');
const part = Buffer.alloc(1048576, 1);
for (let round = 0; round < 10; round += 1) {
  const fd = fs.openSync(process.argv[1], 'w+');
  for (let i = 0; i < ${FILE_MIB}; i += 1) fs.writeSync(fd, part);
  for (let i = 0; i < ${FILE_MIB}; i += 1) fs.readSync(fd, part, 0, part.length, i * part.length);
  fs.closeSync(fd);
}`;

interface Times {
  ms: number;
  /** Processor time. */
  childMs: number;
  parentMs: number;
}

/** By how much slower a program is whose memory is never full. */
async function lost(name: string, code: string, memory: '200M' | '64M', pairs: number, leaks: Leaks): Promise<Row> {
  const big = join(process.cwd(), 'build', `bench-evidence-${process.pid}`);
  const timed = async (more: Pick<CagedSpawnOptions, 'evidence'>): Promise<Times> => {
    const options = { memory, nodeHeap: false, stdio: 'inherit', ...more } as const;
    const before = process.cpuUsage();
    const { durationMs, exitCode, cpu } = await spawn(process.execPath, ['-e', code, big], options).outcome;
    const { user, system } = process.cpuUsage(before);
    if (exitCode !== 0) throw new Error(`it ended with ${exitCode}`);
    const childMs = cpu === null ? durationMs : cpu.userMs + cpu.systemMs;
    // Of what only computes, the time of its own counts: others use the processors too.
    return { ms: code === FILES ? durationMs : childMs, childMs, parentMs: (user + system) / 1000 };
  };
  const [withIt, without]: [Times[], Times[]] = [[], []];
  await timed({ evidence: { dir: leaks.reports } });
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0;
    for (const taken of [first, !first]) {
      (taken ? withIt : without).push(await timed(taken ? { evidence: { dir: leaks.reports } } : {}));
    }
  }
  rmSync(big, { force: true });
  // One ran right after the other, so the machine did much the same beside it.
  const percent = (median(withIt.map(({ ms }, pair) => ms / (without[pair]?.ms ?? ms))) - 1) * 100;
  const usual = (all: readonly Times[], of: keyof Times): string => median(all.map((each) => each[of])).toFixed(0);
  const cpu = (all: readonly Times[]): string => `${usual(all, 'childMs')} + ${usual(all, 'parentMs')} ms`;
  const value = `${percent.toFixed(1)} % (${usual(without, 'ms')} ms without; CPU of child and parent ${cpu(without)}, with ${cpu(withIt)})`;
  return { measure: `time lost where memory is never full: ${name}`, value, figure: percent, bound: 1 };
}
