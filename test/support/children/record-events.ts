import type { Cgroup, SharedCage } from 'memcage';
import type { CgroupEvent } from 'memcage/cgroup';

type Emitter = Pick<Cgroup | SharedCage, 'off'> & { on(name: string, listener: (event: CgroupEvent) => void): unknown };

/** The events that were emitted, in order. */
export interface Recorded {
  name: string;
  event: CgroupEvent;
}

export function recordEvents(emitter: unknown, names: readonly string[]): Recorded[] {
  const recorded: Recorded[] = [];
  for (const name of names) (emitter as Emitter).on(name, (event) => recorded.push({ name, event }));
  return recorded;
}

/** How often an event has happened, by its counts. Fails if the counts do not add up. */
export function countOf(recorded: readonly Recorded[], name: string): number {
  let total = 0;
  for (const { event } of recorded.filter((each) => each.name === name)) {
    total += event.count;
    expect(event.count).toBeGreaterThan(0);
    expect(event.totalCount).toBe(total);
  }
  return total;
}

export function namesOf(recorded: readonly Recorded[]): string[] {
  return recorded.map(({ name }) => name);
}
