import type { OomVerdict } from '../../types/outcome';
import { MemcageError } from '../errors';
import type { CgroupDirectory } from './directory';
import { EventCounter } from './event-counter';
import { parseOomControl, parseValue } from './formats';
import type { OomAssessment, OomMonitor, OomSurroundings, QuietState } from './oom-monitor';
import { verdictV1 } from './verdict';

/** What the kernel asks for at once when it makes a process, its stack being the largest. */
const LARGEST_CHARGE_BYTES = 16 * 1024;

/** v1 has no event counter: an eventfd tells that a limit was hit, and each cgroup counts the kills among its own. */
export class OomMonitorV1 implements OomMonitor {
  readonly kind = 'event';
  readonly #events: EventCounter;
  #firedAboveBefore: number;
  /** Kills of the cgroups below when they were last seen; one that is missing later took with it what came after. */
  readonly #killsBelow = new Map<string, number>();
  #killsInRemoved = 0;
  #removedBelow = false;
  #nestedLimitHit = false;
  readonly #leaves = new Set<string>();

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {
    this.#firedAboveBefore = surroundings.firedAbove();
    this.#events = new EventCounter(directory, 'memory.oom_control');
  }

  get fd(): number {
    return this.#events.fd;
  }

  get quiet(): QuietState {
    return { file: 'memory.oom_control', expected: '\noom_kill 0\n', eventFd: this.#events.fd };
  }

  begin(): boolean {
    this.#firedAboveBefore = this.surroundings.firedAbove();
    return this.#events.count() === 0;
  }

  assess(): OomAssessment {
    const { fired, firedAbove } = this.#fired();
    const { kills, ownKills, nestedLimitHit } = this.#survey();
    const nestedRemoved = this.#removedBelow;
    return { kills, verdict: verdictV1({ kills, ownKills, fired, firedAbove, nestedLimitHit, nestedRemoved }) };
  }

  addLeaf(name: string): void {
    this.#leaves.add(name);
  }

  removeLeaf(name: string): void {
    this.#leaves.delete(name);
  }

  limitWasHit(): boolean {
    return this.#limited().some((directory) => wasHit(directory) || wasFull(directory));
  }

  underOom(): boolean {
    return this.#limited().some((directory) => {
      const { underOom, oomKillDisable } = parseOomControl(directory.read('memory.oom_control'));
      // While it kills a cgroup is under OOM as well, for a moment.
      return underOom && oomKillDisable;
    });
  }

  waitsFor(): OomVerdict['cause'] | null {
    if (!this.underOom()) return null;
    const { fired, firedAbove } = this.#fired();
    return fired > firedAbove ? 'limit' : 'ancestor';
  }

  #fired(): { fired: number; firedAbove: number } {
    // The kernel notifies from the top down: in this order an ancestor's OOM in between can't look like our own.
    const fired = this.#events.count();
    return { fired, firedAbove: this.surroundings.firedAbove() - this.#firedAboveBefore };
  }

  /** Where a limit of ours may be hit. */
  #limited(): CgroupDirectory[] {
    return [this.directory, ...this.surroundings.cages];
  }

  close(): void {
    this.#events.close();
  }

  #survey(): { kills: number; ownKills: number; nestedLimitHit: boolean } {
    const ownKills = oomKills(this.directory);
    const below = new Map<string, number>();
    for (const directory of descendants(this.directory, this.#leaves)) {
      const nested = ifStillThere(() => oomKills(directory));
      if (nested === undefined) continue;
      below.set(directory.relative, nested);
      if (nested > 0) this.#nestedLimitHit ||= limitWasHit(this.directory, directory);
    }
    this.#remember(below);
    let kills = ownKills + this.#killsInRemoved;
    for (const nested of below.values()) kills += nested;
    return { kills, ownKills, nestedLimitHit: this.#nestedLimitHit };
  }

  #remember(below: ReadonlyMap<string, number>): void {
    for (const [relative, before] of this.#killsBelow) {
      const now = below.get(relative);
      // Fewer than before: it is another one of the same name.
      if (now !== undefined && now >= before) continue;
      this.#removedBelow = true;
      this.#killsInRemoved += before;
      this.#killsBelow.delete(relative);
    }
    for (const [relative, kills] of below) this.#killsBelow.set(relative, kills);
  }
}

function oomKills(directory: CgroupDirectory): number {
  return parseOomControl(directory.read('memory.oom_control')).oomKills;
}

/** Whether a limit between a cgroup (left out) and one below it (included) has been hit. */
function limitWasHit(top: CgroupDirectory, below: CgroupDirectory): boolean {
  const names = below.path.slice(top.path.length + 1).split('/');
  let directory = top;
  for (const name of names) {
    directory = directory.below(name);
    const at = directory;
    if (ifStillThere(() => wasHit(at)) === true) return true;
  }
  return false;
}

function wasHit(directory: CgroupDirectory): boolean {
  if (readValue(directory, 'memory.limit_in_bytes') === Number.POSITIVE_INFINITY) return false;
  // failcnt stays 0 when memsw, which is then equal to the limit, is hit first.
  return ['memory.failcnt', 'memory.memsw.failcnt'].some((file) => Number(directory.readIfPresent(file) ?? 0) > 0);
}

/** Linux 6.18 counts no failure when memsw, which is then equal to the limit, is hit first. */
function wasFull(directory: CgroupDirectory): boolean {
  const limit = readValue(directory, 'memory.limit_in_bytes');
  if (limit === Number.POSITIVE_INFINITY) return false;
  return readValue(directory, 'memory.max_usage_in_bytes') > limit - LARGEST_CHARGE_BYTES;
}

function readValue(directory: CgroupDirectory, file: string): number {
  return parseValue(directory.read(file), `${directory.path}/${file}`);
}

function* descendants(directory: CgroupDirectory, except?: ReadonlySet<string>): Generator<CgroupDirectory> {
  for (const name of ifStillThere(() => directory.children()) ?? []) {
    if (except?.has(name)) continue;
    const child = directory.below(name);
    yield child;
    yield* descendants(child);
  }
}

/** Cgroups below belong to the child, which removes them when it likes. */
function ifStillThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MemcageError && error.code === 'ERR_MEMCAGE_CGROUP_GONE') return undefined;
    throw error;
  }
}
