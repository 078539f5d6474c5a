import { setTimeout } from 'node:timers/promises';
import { readMany } from '../../../../cgroup';
import { Timeline } from '../../../../common/drawing/timeline';
import type { Cage, Cgroup } from '../../../../index';
import { isGone } from '../../cgroup-gone';
import type { Point } from '../../chart/chart-data';

const FIELDS = ['usageBytes', 'anonBytes', 'fileBytes', 'kernelBytes', 'swapBytes', 'events'] as const;

/** What was seen of a cage while the command ran. */
export interface Recording {
  readonly timeline: Timeline<Point>;
  /** The highest number of processes in a sample; 0 if there was no sample. */
  readonly mostProcesses: number;
  /**
   * Ends the recording. Returns the error that ended it before, if there was one.
   *
   * @param durationMs how long the command ran
   */
  stop(durationMs: number): Promise<Error | undefined>;
}

/** @param startMs when the command was started, as performance.now() */
export function record(cage: Cage<Cgroup | null>, cgroup: Cgroup, startMs: number): Recording {
  const timeline = new Timeline<Point>();
  const end = new AbortController();
  let mostProcesses = 0;
  let counted = { max: 0, high: 0 };
  const now = (): number => performance.now() - startMs;
  const onKill = ({ kills }: { kills: number }): void => timeline.addKills({ atMs: now(), kills });
  cage.on('oom', onKill);
  const sample = async (): Promise<void> => {
    // The interval grows with the run.
    for (;;) {
      const [reading] = readMany([cgroup], { fields: FIELDS });
      if (reading === undefined || reading instanceof Error) throw reading;
      const { events, kernelBytes, swapBytes, ...bytes } = reading;
      const { max, high } = { max: events.max, high: events.high ?? 0 };
      const hits = { max: Math.max(0, max - counted.max), high: Math.max(0, high - counted.high) };
      timeline.add({ ...bytes, kernelBytes: kernelBytes ?? 0, swapBytes: swapBytes ?? 0, atMs: now() }, hits);
      counted = { max, high };
      mostProcesses = Math.max(mostProcesses, cgroup.pids().length);
      await setTimeout(timeline.intervalMs, undefined, { signal: end.signal });
    }
  };
  const sampled = sample().then(
    () => undefined,
    (error: Error) => (error.name === 'AbortError' || isGone(error) ? undefined : error),
  );
  return {
    timeline,
    get mostProcesses() {
      return mostProcesses;
    },
    async stop(durationMs) {
      cage.off('oom', onKill);
      end.abort();
      const error = await sampled;
      timeline.end(durationMs);
      return error;
    },
  };
}
