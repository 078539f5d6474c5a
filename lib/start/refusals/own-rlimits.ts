import { readFileSync } from 'node:fs';
import { RESOURCES, type ResourceName, type Rlimits } from '../../process/settings/resource-limits';

/** The limits of this process, read anew: another process may change them. One that can't be read is left out. */
export function ownLimits(): Rlimits {
  const lines = read('/proc/self/limits').split('\n');
  const rows = Object.entries(RESOURCES).flatMap(([name, { title }]) => {
    const line = lines.find((each) => each.startsWith(title));
    const [soft, hard] = line?.slice(title.length).trim().split(/\s+/) ?? [];
    return soft === undefined || hard === undefined
      ? []
      : [[name, { soft: amount(soft), hard: amount(hard) }] as const];
  });
  return Object.fromEntries(rows) as Partial<Record<ResourceName, { soft: number; hard: number }>>;
}

function amount(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
