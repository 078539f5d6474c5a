import type { MeterReading, NativeError, StallSign } from '../../../types/native';
import type { UsageFile } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupError, isNativeError } from '../../cgroup/directory/refusal';
import type { ResolvedStall } from '../../cgroup/limits/cage-limits';
import { type Meter, watcher } from '../../common/addon/watcher';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { StallEvent } from '../contract/cage-events';

interface StallLimitOptions {
  stall: ResolvedStall;
  memory: CgroupDirectory;
  /** Tells the processor time of the same processes. */
  usage: UsageFile;
  /** A cgroup of the same processes in which the kernel may measure what they lose to memory (PSI). */
  pressure: CgroupDirectory;
  /** Where everything is killed at the limit. */
  kill: CgroupDirectory;
}

/** See {@link StallLimit.prepare}. */
export interface PreparedStall {
  commit(): void;
  undo(): void;
}

/**
 * The limit of how long a cage cgroup may get nowhere because of memory. The watcher's thread holds it, from the start to
 * {@link stop}. After a kill it watches what comes next.
 */
export class StallLimit {
  readonly #options: Omit<StallLimitOptions, 'stall'>;
  readonly #onStalled: (event: StallEvent) => void;
  readonly #hits: StallHits;
  #stall: ResolvedStall;
  #meter: Meter;

  /** @param onStalled is called after the kill, once for each stall: by the event loop, or by {@link stop} or a change */
  constructor({ stall, ...options }: StallLimitOptions, onStalled: (event: StallEvent) => void) {
    this.#options = options;
    this.#onStalled = onStalled;
    this.#hits = new StallHits(
      (refused) => cgroupError(refused, 'kill, at the limit stall, the processes of', options.kill.path) as Error,
    );
    this.#stall = stall;
    this.#meter = this.#start(stall);
  }

  get stall(): ResolvedStall {
    return this.#stall;
  }

  /** How often the limit that was in force then was reached. */
  get hitCount(): number {
    this.#look();
    return this.#hits.count;
  }

  /** The last of these times; undefined if there was none. */
  get lastHit(): Readonly<StallHit> | undefined {
    this.#look();
    return this.#hits.last;
  }

  /** Why nothing tells of stalls any more; undefined if something does. */
  get blindness(): Error | undefined {
    this.#look();
    const { blindness } = this.#hits;
    return blindness && (cgroupError(blindness, 'watch for stalls', this.#options.memory.path) as Error);
  }

  /** Everything in it was killed, at least once. */
  get hasKilled(): boolean {
    this.#look();
    return this.#hits.hasKilled;
  }

  /**
   * Makes ready another limit, for what happens from now on. Call one of the functions that it returns.
   *
   * @throws why there can't be one; nothing has changed then
   */
  prepare(stall: ResolvedStall): PreparedStall {
    const meter = this.#start(stall);
    return {
      undo: () => void meter.stop(),
      commit: () => {
        this.#conclude();
        this.#hits.begin();
        this.#meter = meter;
        this.#stall = stall;
        this.#tellAll();
      },
    };
  }

  stop(): void {
    this.#conclude();
    this.#tellAll();
  }

  /** Stops the meter. The last reading stays, and what the meter was about to tell it won't any more. */
  #conclude(): void {
    // Before it is stopped it may measure once more.
    this.#look();
    this.#note(this.#meter.stop());
  }

  #look(): void {
    this.#note(this.#meter.read());
  }

  #note(reading: MeterReading | undefined): void {
    if (reading !== undefined) this.#hits.note(reading, this.#stall);
  }

  #tellAll(): void {
    for (let hit = this.#hits.takeUntold(); hit !== undefined; hit = this.#hits.takeUntold()) {
      this.#tell(hit, hit.stalledMs, Date.now());
    }
  }

  #tell({ limitMs, toldBy, killed, refusal }: StallHit, stalledMs: number, timeMs: number): void {
    this.#onStalled({ limitMs, stalledMs, toldBy, killed, timeMs, error: refusal ?? null });
  }

  #start({ limitMs, action }: ResolvedStall): Meter {
    const { memory, usage, pressure, kill } = this.#options;
    try {
      return watcher().stallMeter(
        {
          ...{ dirFd: memory.anchor, path: memory.relative },
          ...{ timeDirFd: usage.directory.anchor, timePath: usage.directory.relative, timeFile: usage.file },
          ...{ pressureDirFd: pressure.anchor, pressurePath: pressure.relative },
          ...{ kills: action === 'kill', killDirFd: kill.anchor, killPath: kill.relative, limitUs: limitMs * 1000 },
        },
        ({ valueUs }, timeMs) => {
          this.#look();
          const hit = this.#hits.takeUntold();
          if (hit !== undefined) this.#tell(hit, valueUs / 1000, timeMs);
        },
      );
    } catch (error) {
      throw refusedMeter(error, memory);
    }
  }
}

function refusedMeter(error: unknown, memory: CgroupDirectory): unknown {
  const isLacking = isNativeError(error) && error.code === 'ENODATA';
  if (!isLacking) return cgroupError(error, 'watch for stalls', memory.path);
  const { path } = memory;
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `stall needs a kernel that tells what is lost to memory, and this one tells nothing of ${path}: neither with PSI ` +
      '(memory.pressure: Linux 4.20 with CONFIG_PSI, and psi=1 if it is off by default; on v1 a mounted unified hierarchy ' +
      'too) nor with workingset_refault_file in memory.stat (v2, and v1 of newer kernels)',
    { path, cause: error },
  );
}

/** The limit was reached: what held then, and what came of it. */
export interface StallHit extends Readonly<ResolvedStall> {
  readonly toldBy: StallSign;
  /** For how long nothing has got on; the limit, if an earlier stall took longer. */
  stalledMs: number;
  /** Everything was killed, if only after refused kills. */
  killed: boolean;
  /** What the kernel refused first, as long as no kill has gone well. */
  refusal: Error | undefined;
}

const NOTHING = { times: 0, kills: 0, mostUs: 0 };

/** What the readings of a limit's meters, one after the other, tell of its hits. */
export class StallHits {
  /** How many there were so far, of which {@link last} is the last. */
  count = 0;
  last: StallHit | undefined;
  /** Everything was killed, at least once. */
  hasKilled = false;
  /** Why the meter can't tell any more; undefined if it can. */
  blindness: NativeError | undefined;
  readonly #untold: StallHit[] = [];
  /** The last reading of the meter that is accounted for. */
  #seen = NOTHING;

  /** @param explain of a kill */
  constructor(private readonly explain: (refused: NativeError) => Error) {}

  /** @param stall what the meter was started with */
  note({ times, kills, mostUs, toldBy = 'refaults', refused }: MeterReading, { limitMs, action }: ResolvedStall): void {
    const { last: before } = this;
    const hits: StallHit[] = before !== undefined && isOpen(before) ? [before] : [];
    for (let number = this.#seen.times; number < times; number++) {
      this.last = { limitMs, action, toldBy, stalledMs: limitMs, killed: false, refusal: undefined };
      this.count += 1;
      this.#untold.push(this.last);
      hits.push(this.last);
    }
    // A look that the kernel refuses comes from reading a file, and there is none in a kill.
    const isLook = refused?.syscall === 'pread';
    this.blindness = isLook ? refused : undefined;
    const refusal = isLook ? undefined : refused;
    this.#noteKills(refusal === undefined ? hits : hits.slice(0, -1), kills - this.#seen.kills);
    const last = times === 0 ? undefined : this.last;
    if (last === undefined) return;
    if (mostUs > this.#seen.mostUs) last.stalledMs = mostUs / 1000;
    if (refusal !== undefined && isOpen(last)) last.refusal ??= this.explain(refusal);
    this.#seen = { times, kills, mostUs };
  }

  /** The readings that follow are those of another meter. */
  begin(): void {
    this.#seen = NOTHING;
  }

  /** The oldest of which nobody was told yet; undefined if there is none. */
  takeUntold(): StallHit | undefined {
    return this.#untold.shift();
  }

  /** One that was followed by others unless it was killed has recovered. */
  #noteKills(hits: readonly StallHit[], kills: number): void {
    if (kills <= 0) return;
    this.hasKilled = true;
    for (const hit of hits.slice(-kills)) {
      hit.killed = true;
      hit.refusal = undefined;
    }
  }
}

function isOpen({ action, killed }: StallHit): boolean {
  return action === 'kill' && !killed;
}
