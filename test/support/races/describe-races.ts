import { version } from '../cgroup-tree';
import { describeIf, type Feature } from '../require';
import { Races } from './force';

/** What the rules name, and what it takes to see it. Guests are slow: there only when they are asked for. */
const NEEDED: readonly Feature[] = [
  ...(['seccomp', 'root', version === 1 ? 'hybrid' : 'v2'] as const),
  ...(process.env['MEMCAGE_TEST_RACES'] === undefined ? (['host'] as const) : []),
];

/** A describe() of races, in a place of their own. */
export function describeRaces(name: string, body: (races: Races) => void, more: readonly Feature[] = []): void {
  describeIf([...NEEDED, ...more], name, () => {
    const races = new Races();
    afterAll(() => races.remove());
    body(races);
  });
}
