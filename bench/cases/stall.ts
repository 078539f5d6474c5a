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
  const child = spawn(file, args, { memory, stall: { ms }, stdio: 'ignore' });
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
        const { maxEvents, stalledMs } = await live(program);
        if (maxEvents > 0) wereFull += 1;
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
  /** How often it was about to exceed its limit. */
  maxEvents: number;
  /** Undefined if it was not stalled. */
  stalledMs: number | undefined;
}

async function live({ memory, command }: StallProgram): Promise<Life> {
  const [file, ...args] = command;
  const child = spawn(file, args, { memory, stall: { ms: MS }, stdio: 'ignore' });
  let maxEvents = 0;
  try {
    await Promise.race([sleep(HEALTHY_MS), child.outcome]);
    if (child.exitCode === null && child.signalCode === null) maxEvents = timesFull(child.cage.cgroup.path);
  } finally {
    await child.cage.kill();
  }
  const { stalled } = await child.outcome;
  return { maxEvents, stalledMs: stalled?.stalledMs };
}

/** How often a cgroup was about to exceed its limit. */
function timesFull(path: string): number {
  const v1 = ['memory.failcnt', 'memory.memsw.failcnt']
    .map((file) => join(path, file))
    .filter((file) => existsSync(file));
  if (v1.length > 0) return v1.reduce((sum, file) => sum + Number(readFileSync(file, 'utf8')), 0);
  return Number(/^max (\d+)/m.exec(readFileSync(join(path, 'memory.events'), 'utf8'))?.[1]);
}
