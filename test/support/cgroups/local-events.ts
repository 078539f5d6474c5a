import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Outcome } from 'memcage';
import { allocate, fixture, type Place } from '../cage-kinds';
import { mountPoint, OWN_CGROUP_IN_SHELL } from './cgroup-tree';

/** Has `memory.events` count each cgroup alone while the tests of a describe() run. It changes the whole machine. */
export function countLocally(): void {
  let before: string[] = [];
  beforeAll(() => {
    before = mountOptions();
    remount([...before, 'memory_localevents']);
  });
  afterAll(() => remount(before));
}

function mountOptions(): string[] {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((each) => each.includes(` ${mountPoint('unified')} `));
  return line?.split(' ').at(-1)?.split(',') ?? [];
}

function remount(options: readonly string[]): void {
  execFileSync('mount', ['-o', ['remount', ...options].join(), 'none', mountPoint('unified')]);
}

/** A child that makes a cgroup below its own, in which it allocates 30 MiB. */
export async function nest(entered: Pick<Place, 'spawn'>, limit: string, then: 'keep' | 'remove'): Promise<Outcome> {
  const script = `${OWN_CGROUP_IN_SHELL}; fixture=$1; shift; exec sh "$fixture" "$own" "$@"`;
  const child = entered.spawn('sh', ['-c', script, 'sh', fixture('nested.sh'), limit, ...allocate(30).split(' ')]);
  child.stdin.end(`go\n${then}\n`);
  return await child.outcome;
}
