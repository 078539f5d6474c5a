/**
 * Starts very many caged children, and shows what the process still holds afterwards: one row of the table in
 * docs/reference/nodes.md.
 *
 *   npm run soak                    100,000 children on every supported Node, about 15 minutes
 *   npm run soak -- 5000            fewer
 *
 * The exit code is 1 if something is left that must not be.
 */
import { heapBytesAllowed, holdingsAround } from './support/leaks';

const MIB = 1024 * 1024;

async function main(): Promise<void> {
  const starts = Number(process.argv[2] ?? 100_000);
  const startedMs = performance.now();
  const { before, after } = await holdingsAround(starts);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const grown = (name: keyof typeof before): number => after[name] - before[name];
  const mib = (name: 'heapBytes' | 'residentBytes'): string => `${(grown(name) / MIB).toFixed(1)} MiB`;
  const cells = [process.versions.node, starts, `${seconds} s`, mib('heapBytes'), mib('residentBytes')];
  console.log(`| ${[...cells, grown('fds'), grown('threads'), grown('cgroups')].join(' | ')} |`);
  const leaked = (['fds', 'threads', 'cgroups'] as const).some((name) => grown(name) !== 0);
  if (leaked || grown('heapBytes') > heapBytesAllowed(starts)) process.exitCode = 1;
}

void main();
