import { existsSync, mkdirSync, openSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY = existsSync('/sys/fs/cgroup/memory') ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
const kept: object[] = [];
let busyMs = 0;

/** Errors that the soak has to find: each is done once for a number of starts. */
export const PLANTS = {
  fd: { every: 200, plant: () => void openSync('/dev/null', 'r') },
  cgroup: { every: 200, plant: () => mkdirSync(plantedCgroup(`${kept.push({})}`), { recursive: true }) },
  heap: { every: 1, plant: () => void kept.push(Array.from({ length: 16 }, () => ({}))) },
  loop: { every: 20, plant: () => block() },
} as const;

export type PlantName = keyof typeof PLANTS;

export function isPlant(name: string): name is PlantName {
  return name in PLANTS;
}

/** Counts as one of memcage's own, by its name. */
function plantedCgroup(name: string): string {
  return join(MEMORY, `memcage-${process.pid}-planted`, name);
}

export function removePlanted(): void {
  const top = plantedCgroup('');
  if (!existsSync(top)) return;
  for (const entry of readdirSync(top, { withFileTypes: true }))
    if (entry.isDirectory()) rmdirSync(join(top, entry.name));
  rmdirSync(top);
}

/** Longer each time. */
function block(): void {
  busyMs += 1;
  const end = performance.now() + busyMs;
  while (performance.now() < end);
}
