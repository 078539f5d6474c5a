import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'memcage';
import type { Case, Row } from '../support/case';
import { type StallProgram, Workshop } from '../support/stall-programs';

/** `STALL_RUNS` overrides them. */
const RUNS = { quick: 18, full: 1000 };
/** Programs at once: what others do to the disk and the processors makes it harder to tell. */
const LANES = 2;
const MS = 1000;
const LONG_MS = 10_000;
const SLACK_MS = 2000;
/** Long enough for a false kill. */
const HEALTHY_MS = 2500;
const AHEAD_BYTES = 512 * 1024;

/** Whether a cage that gets nowhere is ended in time, and one that lives at its limit never. */
export const stall: Case = {
  name: 'stall',
  async run({ quick }) {
    const workshop = new Workshop();
    try {
      const { livelocks } = workshop;
      const rows: Row[] = [];
      for (const program of livelocks) rows.push(await ended(program, MS));
      for (const program of livelocks.slice(0, quick ? 0 : 1)) rows.push(await ended(program, LONG_MS));
      return [...rows, ...(await unharmed(Number(process.env.STALL_RUNS ?? (quick ? RUNS.quick : RUNS.full))))];
    } finally {
      workshop.close();
    }
  },
};

async function ended({ name, memory, command }: StallProgram, ms: number): Promise<Row> {
  const [file, ...args] = command;
  const child = spawn(file, args, { memory, stall: { limitMs: ms }, stdio: 'ignore' });
  const tooLate = setTimeout(() => child.kill('SIGKILL'), ms + 5 * SLACK_MS);
  const { durationMs, stalled } = await child.outcome;
  clearTimeout(tooLate);
  const measure = `livelock (${name}) ended after its ${ms} ms`;
  const figure = stalled?.killed === true ? durationMs - ms : Number.POSITIVE_INFINITY;
  return { measure, value: `${figure.toFixed(0)} ms (${stalled?.toldBy})`, figure, bound: SLACK_MS };
}

async function unharmed(runs: number): Promise<Row[]> {
  let next = 0;
  let killed = 0;
  let wereFull = 0;
  const killedKinds = new Set<string>();
  const lane = async (): Promise<void> => {
    const workshop = new Workshop();
    try {
      const { healthy } = workshop;
      for (let run = next++; run < runs; run = next++) {
        workshop.forget();
        const program = healthy[run % healthy.length] as StallProgram;
        const { wasFull, stalledMs } = await live(program);
        if (wasFull) wereFull += 1;
        else console.error(`${program.name}: not at its limit`);
        if (stalledMs === undefined) continue;
        killed += 1;
        killedKinds.add(program.name);
      }
    } finally {
      workshop.close();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const names = killed > 0 ? `: ${[...killedKinds].join(', ')}` : '';
  return [
    { measure: `healthy runs at their limit killed, of ${runs}`, value: `${killed}${names}`, figure: killed, bound: 0 },
    {
      measure: 'of them not at their limit',
      value: `${runs - wereFull}`,
      figure: (runs - wereFull) / runs,
      bound: 0.05,
    },
  ];
}

interface Life {
  /** It has reached its limit. */
  wasFull: boolean;
  /** Undefined if it was not stalled. */
  stalledMs: number | undefined;
}

async function live({ memory, command }: StallProgram): Promise<Life> {
  const [file, ...args] = command;
  const child = spawn(file, args, { memory, stall: { limitMs: MS }, stdio: 'ignore' });
  let wasFull = false;
  try {
    await Promise.race([sleep(HEALTHY_MS), child.outcome]);
    if (child.exitCode === null && child.signalCode === null) wasFull = hasBeenFull(child.cage.cgroup.path);
  } finally {
    await child.cage.kill();
  }
  const { stalled } = await child.outcome;
  return { wasFull, stalledMs: stalled?.stalledMs };
}

/**
 * Whether it has reached its limit. Not by the kernel's count of that: Linux 6.18 counts none on v1 where swap is limited
 * too. Pages are charged ahead in batches.
 */
function hasBeenFull(path: string): boolean {
  const isV1 = existsSync(join(path, 'memory.limit_in_bytes'));
  const [limit, peak] = isV1 ? ['limit_in_bytes', 'max_usage_in_bytes'] : ['max', 'peak'];
  const read = (name: string | undefined): number => Number(readFileSync(join(path, `memory.${name}`), 'utf8'));
  return read(peak) > read(limit) - AHEAD_BYTES;
}
