import { type Gap, type Hits, type Kills, Timeline } from '../../../lib/common/drawing/timeline';
import type { ChartData, Point } from '../../../lib/programs/cli/chart/chart-data';

export const MIB = 1 << 20;

type Sample = Partial<Omit<Point, 'atMs' | 'usageBytes'>> & Partial<Hits>;

/** A run whose memory use is a function of time, sampled like a real one. */
export function recorded(
  durationMs: number,
  at: (ms: number) => Sample,
  {
    kills = [],
    missing,
    ...given
  }: Partial<Omit<ChartData, 'kills'>> & { kills?: readonly Kills[]; missing?: Gap } = {},
): ChartData {
  const timeline = new Timeline<Point>();
  for (let ms = 2; ms < durationMs; ms += timeline.intervalMs) {
    if (missing !== undefined && ms > missing.fromMs && ms < missing.toMs) continue;
    const { anonBytes = 0, fileBytes = 0, kernelBytes = 0, swapBytes = 0, max = 0, high = 0 } = at(ms);
    const usageBytes = anonBytes + fileBytes + kernelBytes;
    timeline.add({ atMs: ms, usageBytes, anonBytes, fileBytes, kernelBytes, swapBytes }, { max, high });
  }
  timeline.end(durationMs);
  for (const kill of kills) timeline.addKills(kill);
  const { points, gaps, hits, samples, intervalMs } = timeline;
  return {
    command: ['node', 'server.js'],
    ending: 'Exit code 0.',
    isGood: true,
    durationMs,
    cpuMs: durationMs / 2,
    limitBytes: Number.POSITIVE_INFINITY,
    highBytes: Number.POSITIVE_INFINITY,
    peakBytes: Math.max(0, ...points.map((point) => point.usageBytes)),
    killedAtLimit: true,
    points,
    gaps,
    hits,
    kills: timeline.kills,
    samples,
    intervalMs,
    ...given,
  };
}

const HOUR = 3_600_000;

/** Kinds of runs that charts have to show. */
export const RUNS: Readonly<Record<string, ChartData>> = {
  'killed at its limit': recorded(118, (ms) => ({ anonBytes: ms * 0.9 * MIB, fileBytes: 2 * MIB }), {
    command: ['stress', '--vm-bytes', '101m', '-m', '1'],
    ending: '1 process was killed for its memory limit of 64 MiB. Exit code 1.',
    isGood: false,
    limitBytes: 100 * MIB,
    peakBytes: 100 * MIB,
    kills: [{ atMs: 111, kills: 1 }],
  }),
  short: recorded(300, (ms) => ({ anonBytes: ms * 0.03 * MIB, kernelBytes: MIB }), { limitBytes: 100 * MIB }),
  long: recorded(
    3 * HOUR,
    (ms) => ({
      anonBytes: (300 + 200 * Math.sin(ms / 1.5e6) + ((ms * 7919) % 101 < 1 ? 350 : 0)) * MIB,
      fileBytes: (100 + ms / 2e5) * MIB,
      high: (ms * 31) % 97 < 2 ? 3 : 0,
      max: ms > 9e6 && (ms * 17) % 89 < 3 ? 70_000 : 0,
    }),
    {
      command: ['python3', 'train.py', '--data', '/srv/data set', 'and more words than there is room for '.repeat(9)],
      ending: '5 processes were killed for its memory limit of 64 MiB. Exit code 0.',
      isGood: false,
      limitBytes: 1024 * MIB,
      highBytes: 1000 * MIB,
      peakBytes: 1023 * MIB,
      kills: [
        { atMs: 1.4 * HOUR, kills: 1 },
        { atMs: 1.41 * HOUR, kills: 2 },
        { atMs: 2.75 * HOUR, kills: 1 },
        { atMs: 2.99 * HOUR, kills: 1_000 },
      ],
    },
  ),
  'without a limit': recorded(8000, (ms) => ({ anonBytes: 30 * MIB, fileBytes: ms * 0.04 * MIB })),
  'a sawtooth, with swap': recorded(
    6000,
    (ms) => ({ anonBytes: (30 + ((ms * 0.03) % 60)) * MIB, swapBytes: Math.max(0, ms - 2000) * 6000, max: 1 }),
    { limitBytes: 128 * MIB, highBytes: 100 * MIB, ending: 'Ended by SIGTERM.', isGood: false },
  ),
  'far below its limit': recorded(602, () => ({ anonBytes: 5 * MIB }), {
    limitBytes: 8191.9 * 1024 * MIB,
    peakBytes: 9 * MIB,
  }),
  'without a sample': recorded(1.2, () => ({}), { limitBytes: 50 * MIB, peakBytes: null }),
};
