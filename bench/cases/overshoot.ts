import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Case, Row } from '../support/case';

const READ_ONLY =
  "set -e; mount --make-rprivate /; awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | " +
  'while read -r at; do mount -o remount,ro,bind "$at"; done; exec "$@"';

const PROGRAM = join(process.cwd(), 'test/fixtures/enforcement/speed.js');

/** How far a child that takes memory at full speed comes above a polled limit of 400 MiB, as root where cgroups are read-only. */
export const overshoot: Case = {
  name: 'overshoot',
  async run({ quick }) {
    const rows: Row[] = [];
    for (const kind of ['c', 'python', 'buffers', 'heap']) rows.push(await row(kind, quick ? 5 : 100));
    return rows;
  },
};

async function row(kind: string, times: number): Promise<Row> {
  const program = [process.execPath, PROGRAM, kind, String(times)];
  const args = ['--mount', 'sh', '-c', READ_ONLY, 'sh', ...program];
  const { stdout } = await promisify(execFile)('unshare', args, { maxBuffer: 2 ** 26 });
  const ends = JSON.parse(stdout) as { overshoot: number; cause: string | null }[];
  const parts = ends.map(({ overshoot: part }) => Math.max(0, part) * 100).sort((a, b) => a - b);
  const at = (share: number): number =>
    parts[Math.min(parts.length - 1, Math.floor(share * parts.length))] ?? Number.NaN;
  const refused = ends.filter(({ cause }) => cause === 'refused').length;
  const figure = at(0.95);
  return {
    measure: `above a polled limit, ${kind} at full speed`,
    value: `median ${at(0.5).toFixed(1)} %, 95 of 100 ${figure.toFixed(1)} %, most ${at(1).toFixed(1)} %; ${refused} refused memory`,
    figure,
    bound: 5,
  };
}
