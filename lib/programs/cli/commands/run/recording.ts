import type { Cage, Cgroup } from '../../../../index';
import { isGone } from '../../cgroup-gone';
import { Timeline } from '../../chart/timeline';

const FIELDS = ['usageBytes', 'anonBytes', 'fileBytes', 'kernelBytes', 'swapBytes', 'events'] as const;

/** What was seen of a cage while the command ran. */
export interface Recording {
  readonly timeline: Timeline;
  /** The highest number of processes in a sample; 0 if there was no sample. */
  readonly mostProcesses: number;
  /** Ends the recording. Returns the error that ended it before, if there was one. */
  stop(): Promise<Error | undefined>;
}

/** @param startMs when the command was started, as performance.now() */
export function record(cage: Cage<Cgroup | null>, cgroup: Cgroup, startMs: number): Recording {
  const timeline = new Timeline();
  const end = new AbortController();
  let mostProcesses = 0;
  const now = (): number => performance.now() - startMs;
  const onKill = ({ kills }: { kills: number }): void => timeline.addKills({ atMs: now(), kills });
  cage.on('oom', onKill);
  const sample = async (): Promise<void> => {
    const intervalMs = (): number => timeline.intervalMs;
    for await (const values of cgroup.watch({ intervalMs, fields: FIELDS, signal: end.signal })) {
      const { events, timeMs: _, missed: __, ...bytes } = values;
      timeline.add({ ...bytes, atMs: now() }, { max: events.max, high: events.high ?? 0 });
      mostProcesses = Math.max(mostProcesses, cgroup.procs().length);
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
    stop() {
      cage.off('oom', onKill);
      end.abort();
      return sampled;
    },
  };
}
