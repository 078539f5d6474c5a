import { openSync, readFileSync, readSync } from 'node:fs';
import { createCage } from 'memcage';
import type { Case, Row } from '../support/case';
import { median } from '../support/stats';

const ROUNDS = 31;

export const stat: Case = {
  name: 'stat',
  async run({ quick }) {
    const calls = quick ? 500 : 5000;
    await using cage = createCage({ memory: '100M' });
    const { cgroup } = cage;
    const path = `${cgroup.path}/memory.stat`;
    const fd = openSync(path, 'r');
    const buffer = Buffer.alloc(16 * 1024);
    const kinds = {
      ours: () => cgroup.stat(),
      bareRead: () => readSync(fd, buffer, 0, buffer.length, 0),
      readAndParse: () => parse(readFileSync(path, 'utf8')),
    };
    const times = { ours: [] as number[], bareRead: [] as number[], readAndParse: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of Object.keys(kinds) as (keyof typeof kinds)[]) times[name].push(time(kinds[name], calls));
    }
    const ours = median(times.ours);
    return [
      row('cgroup.stat() over a bare readSync', ours, median(times.bareRead), 1.5),
      row('cgroup.stat() over readFileSync + parse', ours, median(times.readAndParse), 0.55),
    ];
  },
};

function parse(text: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [name, value] = line.split(' ');
    if (name) values[name] = Number(value);
  }
  return values;
}

/** Microseconds per call. */
function time(call: () => unknown, calls: number): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i += 1) call();
  return Number(process.hrtime.bigint() - start) / calls / 1000;
}

function row(measure: string, ours: number, theirs: number, bound: number): Row {
  const figure = ours / theirs;
  return { measure, value: `${figure.toFixed(3)} (${ours.toFixed(1)} us / ${theirs.toFixed(1)} us)`, figure, bound };
}
