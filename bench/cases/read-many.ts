import { closeSync, openSync, readSync } from 'node:fs';
import { Cgroup, readMany } from 'memcage/cgroup';
import type { Case } from '../support/case';
import { median, milliseconds } from '../support/stats';

const FIELDS = ['usageBytes', 'workingSetBytes', 'anonBytes', 'fileBytes'] as const;

/**
 * What a monitor reads of its cgroups: memory use and `memory.stat`. The yardstick is the system calls alone: both
 * files of each cgroup are open, a bare `fs.readSync` (a pread) reads each into one buffer, and nothing is parsed.
 */
export const readManyCgroups: Case = {
  name: 'read-many',
  async run({ quick }) {
    const count = 1000;
    const rounds = quick ? 31 : 101;
    const parent = Cgroup.create(`memcage-bench-${process.pid}`);
    const cgroups = Array.from({ length: count }, (_, index) => Cgroup.create(String(index), { parent }));
    const usage = parent.version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
    const fds = cgroups.flatMap(({ path }) => [usage, 'memory.stat'].map((file) => openSync(`${path}/${file}`, 'r')));
    const buffer = Buffer.alloc(16 * 1024);
    const kinds = {
      bare: () => {
        for (const fd of fds) readSync(fd, buffer, 0, buffer.length, 0);
      },
      open: () => readMany(cgroups, { fields: FIELDS, keepOpen: true }),
      opening: () => readMany(cgroups, { fields: FIELDS }),
    };
    const times = { bare: [] as number[], open: [] as number[], opening: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      for (const name of Object.keys(kinds) as (keyof typeof kinds)[]) times[name].push(time(kinds[name]));
    }
    for (const fd of fds) closeSync(fd);
    for (const cgroup of cgroups) await cgroup.remove();
    await parent.remove();
    return [
      row(`${count} cgroups, readMany() with keepOpen over bare preads`, times.open, times.bare, 1.3),
      row('the same without keepOpen, which opens and closes too', times.opening, times.bare),
    ];
  },
};

function time(call: () => unknown): number {
  const start = process.hrtime.bigint();
  call();
  return milliseconds(start, process.hrtime.bigint());
}

function row(measure: string, ours: readonly number[], bare: readonly number[], bound?: number) {
  const [time, yardstick] = [median(ours), median(bare)];
  const value = `${(time / yardstick).toFixed(3)} (${time.toFixed(1)} ms / ${yardstick.toFixed(1)} ms)`;
  return { measure, value, ...(bound !== undefined && { figure: time / yardstick, bound }) };
}
