import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { EventCounter } from '../../cgroup/directory/v1-notifications';
import { parseOomControl } from '../../cgroup/files/formats';
import { assessKills, levelV1, whoseV1 } from './decide-whose-limit';
import { type KillingLimit, nowhere, wasHit } from './killing-limit';
import { LimitsAround, type OomSurroundings } from './limits-around';
import type { OomAssessment, OomMonitor, QuietState } from './monitor';
import { NestedCgroups } from './nested-kills';

const OOM_CONTROL = 'memory.oom_control';

/** v1 has no event counter: an eventfd fires when a limit was hit, and each cgroup counts only its own kills. */
export class OomMonitorV1 implements OomMonitor {
  readonly kind = 'event';
  readonly countsCageCgroups = false;
  readonly #events: EventCounter;
  readonly #limits: LimitsAround;
  readonly #nested: NestedCgroups;
  #firedBefore: readonly number[];

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {
    this.#limits = new LimitsAround(directory, surroundings);
    this.#nested = new NestedCgroups(directory, { file: OOM_CONTROL, wasHit });
    this.#firedBefore = this.#firedAround();
    this.#events = new EventCounter(directory, OOM_CONTROL);
  }

  get fd(): number {
    return this.#events.fd;
  }

  get quiet(): QuietState {
    const { isStamped } = this.#nested;
    return { file: OOM_CONTROL, expected: '\noom_kill 0\n', eventFd: this.#events.fd, isStamped };
  }

  begin(): boolean {
    this.#firedBefore = this.#firedAround();
    this.#nested.begin();
    return this.ooms() === 0;
  }

  assess(): OomAssessment {
    const fired = this.#fired();
    const ownKills = oomKills(this.directory);
    if (ownKills === 0 && !this.#nested.mayHaveKills) return { kills: 0, verdict: null };
    const nested = this.#nested.survey();
    const kills = ownKills + nested.kills;
    if (kills === 0 && !this.#nested.wereMade) return { kills, verdict: null };
    return assessKills(this.directory, this.#limits, {
      kills,
      // Kills in cage cgroups below are counted apart.
      mayLackKills: !nested.hasCageCgroups,
      mayHaveLost: (logged) => this.#nested.mayHaveLost(logged),
      whose: () => whoseV1({ kills, ownKills, fired, nestedLimitHit: nested.isLimitHit }),
      hitBelow: () => nested.hit,
    });
  }

  ooms(): number {
    return this.#events.count();
  }

  addCageCgroup(name: string): void {
    this.#nested.addCageCgroup(name);
  }

  removeCageCgroup(name: string): void {
    this.#nested.removeCageCgroup(name);
  }

  limitHit(): KillingLimit | undefined {
    return this.#limits.atLevel(this.#fromHereOut().findIndex(wasHit));
  }

  isKillerOff(): boolean {
    return this.#fromHereOut().some(
      (directory) => wasHit(directory) && parseOomControl(directory.read(OOM_CONTROL)).oomKillDisable,
    );
  }

  underOom(): boolean {
    return this.#fromHereOut().some((directory) => {
      const { underOom, oomKillDisable } = parseOomControl(directory.read(OOM_CONTROL));
      // During a kill, a cgroup is under OOM for a moment as well.
      return underOom && oomKillDisable;
    });
  }

  waitsAt(): KillingLimit | undefined {
    if (!this.underOom()) return undefined;
    const fired = this.#fired();
    if (levelV1(fired) === undefined) return nowhere('ancestor');
    return this.#limits.named(whoseV1({ kills: 1, ownKills: 1, fired, nestedLimitHit: false }), () => undefined);
  }

  close(): void {
    this.#events.close();
  }

  #fromHereOut(): CgroupDirectory[] {
    return [this.directory, ...this.surroundings.cages.map(({ directory }) => directory)];
  }

  #fired(): number[] {
    const own = this.ooms();
    return [own, ...this.#firedAround().map((count, index) => count - (this.#firedBefore[index] ?? 0))];
  }

  #firedAround(): number[] {
    const { cages, ancestors } = this.surroundings;
    return [...cages.map((cage) => cage.ooms()), ...ancestors.ooms()];
  }
}

function oomKills(directory: CgroupDirectory): number {
  return parseOomControl(directory.read(OOM_CONTROL)).oomKills;
}
