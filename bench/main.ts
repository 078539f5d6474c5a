/**
 * The speed figures, as ratios of medians that are taken in turns in one run, with their bounds.
 *
 *   npm run bench                   all of them, a few minutes
 *   npm run bench -- --quick        fewer starts
 *   npm run bench -- spawn stat     only these cases
 *
 * To measure another Node, run it on out/bench/main.js with --expose-gc; `chrt --rr 1` before it keeps other programs out
 * of the figures. The exit code is 1 if a figure misses its bound, or if docs/reference/speed.md says that it is better.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from 'memcage/cgroup';
import { cases } from './cases';
import type { Row } from './support/case';
import { betterClaim } from './support/claims';

function runCase(name: string, flags: readonly string[]): Row[] {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--expose-gc', join(__dirname, 'run-case.js'), name, ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) return [{ measure: name, value: `failed with exit code ${status}`, figure: 1, bound: 0 }];
  return JSON.parse(stdout) as Row[];
}

function isMissed({ figure, bound }: Row): boolean {
  return figure !== undefined && bound !== undefined && !(figure <= bound);
}

function main(): void {
  const words = process.argv.slice(2);
  const flags = words.filter((word) => word.startsWith('--'));
  const names = words.filter((word) => !word.startsWith('--'));
  const chosen = cases.filter(({ name }) => names.length === 0 || names.includes(name));
  const [load] = readFileSync('/proc/loadavg', 'utf8').split(' ');
  const { version } = Cgroup.self();
  console.log(`Linux ${release()}, memory on cgroup v${version}, Node.js ${process.version}, load ${load}\n`);
  console.log(`| ${'measure'.padEnd(62)} | ${'measured'.padEnd(34)} | must reach | |`);
  console.log(`|${'-'.repeat(64)}|${'-'.repeat(36)}|------------|-----|`);
  let missed = 0;
  for (const { name } of chosen) {
    for (const row of runCase(name, flags)) {
      const bound = row.bound === undefined ? '' : `<= ${row.bound}`;
      const claim = betterClaim(row);
      const isBad = isMissed(row) || claim !== undefined;
      const verdict =
        claim !== undefined
          ? `docs/reference/speed.md says ${claim}`
          : row.bound === undefined
            ? ''
            : isBad
              ? 'NO'
              : 'ok';
      if (isBad) missed += 1;
      console.log(
        `| ${row.measure.padEnd(62)} | ${row.value.padEnd(34)} | ${bound.padEnd(10)} | ${verdict.padEnd(3)} |`,
      );
    }
  }
  if (missed > 0) process.exitCode = 1;
}

main();
