import type { Look, Process } from '../../../lib/cage/polling/sampling/process';

/** A process of a table that a test makes up. */
export interface FakeProcess extends Partial<Omit<Process, 'pid'>> {
  pid: number;
  /** Its environment. */
  env?: readonly string[];
  /** What it has reserved. */
  reservedBytes?: number;
  /** What is swapped out. Only measuring finds it. */
  swappedBytes?: number;
}

/** A look at these processes. All of them are fresh, unless `fresh` names others. */
export function lookAt(processes: readonly FakeProcess[], fresh: readonly number[] = processes.map(({ pid }) => pid)) {
  const asked: number[] = [];
  const all = new Map<number, Process>(
    processes.map(({ env: _env, swappedBytes: _swapped, reservedBytes: _reserved, ...process }) => [
      process.pid,
      { start: 100, ppid: 1, name: 'fake', ended: false, rssBytes: 0, ...process },
    ]),
  );
  const swapped = new Map(processes.map(({ pid, swappedBytes = 0 }) => [pid, swappedBytes]));
  const look: Look = {
    fresh: [...all.values()].filter(({ pid }) => fresh.includes(pid)),
    find: (pid) => all.get(pid),
    carries({ pid }, marker) {
      asked.push(pid);
      return processes.find((process) => process.pid === pid)?.env?.includes(marker) ?? false;
    },
    footprint: ({ pid }) => {
      const { rssBytes = 0, reservedBytes = 0 } = processes.find((each) => each.pid === pid) ?? {};
      return rssBytes === 0 ? undefined : { usedBytes: rssBytes, reservedBytes };
    },
    measure: (some) =>
      some.reduce((sum, { pid, rssBytes }) => {
        // One that was killed since has none.
        const isGone = processes.find((each) => each.pid === pid)?.ended === true;
        return isGone ? sum : sum + rssBytes + (swapped.get(pid) ?? 0);
      }, 0),
  };
  /** `asked`: whose environment was read. */
  return { ...look, asked };
}
