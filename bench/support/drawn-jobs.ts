import { randomFrom } from './random';

/** A global takes long to look up where Jest runs this, and a simulation asks millions of times. */
const { abs, cos, exp, floor, log, max, min, sqrt } = Math;

/** A published distribution of the memory of test files, in MiB: log-normal, cut at the most. */
const MEDIAN_MIB = 93;
const P99_MIB = 1405;
export const MOST_MIB = 2267;
/** How many standard deviations above the median the 99th percentile is. */
const DEVIATIONS_OF_P99 = 2.3263;

/** A job, before it runs. */
export interface DrawnJob {
  readonly peakMib: number;
  readonly durationMs: number;
  /** What it uses at an age, in MiB. */
  usedAt(ageMs: number): number;
}

/** The part of its peak that a job uses, by the part of its time that is over. */
type Profile = (part: number) => number;

/** Draws a profile. */
type Shape = (random: () => number) => Profile;

/** How use goes on. Each draws where things happen. */
const SHAPES = {
  /** Grows evenly until it has between a tenth and six tenths of its time behind it, then stays. */
  ramp(random) {
    const end = 0.1 + 0.5 * random();
    return (part) => min(1, 0.05 + (0.95 * part) / end);
  },
  /** In two to five steps. */
  steps(random) {
    const steps = 2 + floor(random() * 4);
    const end = 0.5 + 0.4 * random();
    return (part) => min(1, (1 + floor((part / end) * steps)) / (steps + 1));
  },
  /** Uses three tenths for most of its time, and then suddenly all. */
  late(random) {
    const start = 0.6 + 0.35 * random();
    return (part) => min(1, 0.3 + 0.7 * max(0, (part - start) / 0.02));
  },
  /** Uses four tenths but for a short while. */
  spike(random) {
    const top = 0.1 + 0.8 * random();
    const width = 0.05 + 0.1 * random();
    return (part) => max(0.4 * min(1, part / 0.1), 1 - (0.6 * abs(part - top)) / width);
  },
  /** Garbage is collected again and again, and more is left each time. */
  saw(random) {
    const teeth = 2 + floor(random() * 8);
    return (part) => (min(teeth, floor(part * teeth) + 1) / teeth) * (0.5 + 0.5 * ((part * teeth) % 1));
  },
} satisfies Record<string, Shape>;

type ShapeName = keyof typeof SHAPES;

export interface DrawOptions {
  seed: number;
  count: number;
  /** `mixed`: each job draws its shape too. */
  shape: ShapeName | 'mixed';
  /** How much the logarithms of time and peak go together: 0 not at all, 1 completely. */
  correlation: number;
  /** Median of the durations, which are log-normal. Default: two seconds. */
  medianMs?: number;
  /** What all peaks are multiplied by. Default: 1. */
  scale?: number;
}

/** A program's own memory, before it has done anything. */
const START_MIB = 5;
/** What a thread can fill with new pages. */
const FILL_MIB_PER_MS = 2;
const STEP_MS = 10;
const DURATION_SIGMA = 0.8;

/** Jobs as the published distribution has them. The same seed draws the same. */
export function drawJobs(options: DrawOptions): DrawnJob[] {
  const { seed, count, shape, correlation, medianMs = 2000, scale = 1 } = options;
  const random = randomFrom(seed);
  const names = Object.keys(SHAPES) as ShapeName[];
  const sigma = log(P99_MIB / MEDIAN_MIB) / DEVIATIONS_OF_P99;
  return Array.from({ length: count }, () => {
    const size = gaussian(random);
    const peakMib = scale * min(MOST_MIB, MEDIAN_MIB * exp(sigma * size));
    const time = correlation * size + sqrt(1 - correlation ** 2) * gaussian(random);
    const durationMs = medianMs * exp(DURATION_SIGMA * time);
    const name = shape === 'mixed' ? (names[floor(random() * names.length)] ?? 'ramp') : shape;
    const profile = SHAPES[name](random);
    const uses = fill(durationMs, (ageMs) => peakMib * profile(min(1, ageMs / durationMs)));
    const usedAt = (ageMs: number): number => uses[min(uses.length - 1, floor(ageMs / STEP_MS))] ?? 0;
    return { peakMib: max(...uses), durationMs, usedAt };
  });
}

/** What it uses each 10 ms if it wants so much: new pages take their time. */
function fill(durationMs: number, wantedMib: (ageMs: number) => number): number[] {
  const uses = [START_MIB];
  for (let ageMs = STEP_MS; ageMs <= durationMs; ageMs += STEP_MS) {
    const before = uses.at(-1) ?? 0;
    uses.push(min(before + FILL_MIB_PER_MS * STEP_MS, max(START_MIB, wantedMib(ageMs))));
  }
  return uses;
}

function gaussian(random: () => number): number {
  return sqrt(-2 * log(1 - random())) * cos(2 * Math.PI * random());
}
