/** What a process holds after a number of starts, and how its event loop did since the sample before. */
export interface Sample {
  starts: number;
  seconds: number;
  fds: number;
  threads: number;
  cgroups: number;
  mounts: number;
  processes: number;
  heapBytes: number;
  externalBytes: number;
  residentBytes: number;
  loopP50Ms: number;
  loopP99Ms: number;
  loopP999Ms: number;
  loopMaxMs: number;
  /** The same in processor time. */
  usedP99Ms: number;
  usedP999Ms: number;
  usedMaxMs: number;
}

const COLUMNS = [
  ...(['starts', 'seconds', 'fds', 'threads', 'cgroups', 'mounts', 'processes'] as const),
  ...(['heapBytes', 'externalBytes', 'residentBytes'] as const),
  ...(['loopP50Ms', 'loopP99Ms', 'loopP999Ms', 'loopMaxMs'] as const),
  ...(['usedP99Ms', 'usedP999Ms', 'usedMaxMs'] as const),
] satisfies (keyof Sample)[];

export const HEADER = COLUMNS.join('\t');

export function rowOf(sample: Sample): string {
  return COLUMNS.map((name) => String(Math.round(sample[name] * 100) / 100)).join('\t');
}

export function readSeries(tsv: string): Sample[] {
  const [header, ...rows] = tsv.trim().split('\n');
  if (header !== HEADER) throw new Error('these are not the samples of a long soak');
  return rows.map((row) => {
    const cells = row.split('\t').map(Number);
    return Object.fromEntries(COLUMNS.map((name, at) => [name, cells[at]])) as unknown as Sample;
  });
}
