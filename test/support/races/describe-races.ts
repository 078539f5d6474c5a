import { version } from '../cgroups/cgroup-tree';
import { describeIf, type Feature } from '../require';
import { Races } from './force';

/** Guests are slow: there only when they are asked for. */
const UNLESS_ASKED: readonly Feature[] = process.env['MEMCAGE_TEST_RACES'] === undefined ? ['host'] : [];
/** What it takes to force an order. */
export const SCHEDULER: readonly Feature[] = ['seccomp', 'root', ...UNLESS_ASKED];
/** Besides: what the rules name. */
const NEEDED: readonly Feature[] = [...SCHEDULER, version === 1 ? 'hybrid' : 'v2'];

/** A describe() of races, in a place of their own. */
export function describeRaces(name: string, body: (races: Races) => void, more: readonly Feature[] = []): void {
  describeIf([...NEEDED, ...more], name, () => {
    const races = new Races();
    afterAll(() => races.remove());
    body(races);
  });
}
