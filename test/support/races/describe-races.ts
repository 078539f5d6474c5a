import { describeIf, type Feature } from '../require';
import { Races } from './force';

/** What the rules name, and what it takes to see it. */
const NEEDED: readonly Feature[] = ['seccomp', 'machine', 'root', 'hybrid'];

/** A describe() of races, in a place of their own. */
export function describeRaces(name: string, body: (races: Races) => void, more: readonly Feature[] = []): void {
  describeIf([...NEEDED, ...more], name, () => {
    const races = new Races();
    afterAll(() => races.remove());
    body(races);
  });
}
