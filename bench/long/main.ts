/**
 * A day in an hour: starts of all kinds, while children, launchers and the guardian are killed, fds run out, cgroups vanish and
 * system calls fail at random. Shows whether the process holds more and more.
 *
 *   npm run soak:long                            a million starts, about an hour and a half
 *   npm run soak:long -- 20000 --seed 7          fewer, and the same ones again
 *   npm run soak:long -- --out samples.tsv       keeps the samples, for soak:plot
 *   npm run soak:long -- 20000 --planted fd      with a leak that it has to find: fd, cgroup, heap, loop
 *
 * The exit code is 1 if something grows, if something hung, or if an error came that no caller could understand.
 */
import { spawnSync } from 'node:child_process';
import { readOptions, type SoakOptions } from './options';
import { removePlanted } from './planted';
import type { Sample } from './series';
import { type SoakResult, soak } from './soak';
import { FaultLibrary } from './trouble/faults';
import { judge } from './verdict';

const MIB = 1024 * 1024;

/** The library has to be there before the process is. */
function beside(words: readonly string[]): void {
  const library = new FaultLibrary();
  try {
    const options = { stdio: 'inherit', env: library.env } as const;
    const { status } = spawnSync(process.execPath, ['--expose-gc', __filename, ...words], options);
    process.exitCode = status ?? 1;
  } finally {
    library.close();
  }
}

async function within(control: string, options: SoakOptions): Promise<void> {
  // Children are as always.
  delete process.env['LD_PRELOAD'];
  delete process.env['MEMCAGE_BENCH_FAULTS'];
  console.log(
    `Node.js ${process.version}, ${options.starts} starts, ${options.lines} at a time, seed ${options.seed}\n`,
  );
  try {
    const result = await soak(options, control, say);
    if (!report(result)) process.exitCode = 1;
  } finally {
    removePlanted();
  }
}

function say({
  starts,
  seconds,
  fds,
  threads,
  cgroups,
  heapBytes,
  residentBytes,
  loopP999Ms,
  loopMaxMs,
  usedP999Ms,
  usedMaxMs,
}: Sample): void {
  const memory = `heap ${(heapBytes / MIB).toFixed(2)} MiB, RSS ${(residentBytes / MIB).toFixed(0)} MiB`;
  const loop = `turns p99.9 ${loopP999Ms.toFixed(0)} ms, at most ${loopMaxMs.toFixed(0)}; processor ${usedP999Ms.toFixed(0)}, ${usedMaxMs.toFixed(0)}`;
  console.log(
    `${starts} starts, ${seconds.toFixed(0)} s: ${fds} fds, ${threads} threads, ${cgroups} cgroups, ${memory}, ${loop}`,
  );
}

function report({ samples, tally, calls, faults }: SoakResult): boolean {
  console.log('\n| kind | ended | signal | memory | refused |\n|---|---|---|---|---|');
  for (const [kind, { good, signal, oom, refused }] of tally.ends) {
    console.log(`| ${kind} | ${good} | ${signal} | ${oom} | ${refused} |`);
  }
  console.log(`\nfaults: ${faults} of ${calls} calls`);
  console.log(`troubles: ${listed(tally.troubles)}`);
  console.log(`refusals: ${listed(tally.refusals)}\n`);
  for (const text of tally.strange) console.log(`strange: ${text}`);
  const findings = judge(samples);
  for (const { name, flat, text } of findings) console.log(`${flat ? 'flat ' : 'GROWS'} ${name}: ${text}`);
  return tally.strange.length === 0 && findings.every(({ flat }) => flat);
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const options = readOptions(words);
  const control = process.env['MEMCAGE_BENCH_FAULTS'];
  if (control === undefined) beside(words);
  else await within(control, options);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
