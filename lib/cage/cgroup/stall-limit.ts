import type { MeterReading } from '../../../types/native';
import type { UsageFile } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupError, isNativeError } from '../../cgroup/directory/refusal';
import type { ResolvedStall } from '../../cgroup/limits/cage-limits';
import { type Meter, watcher } from '../../common/addon/watcher';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { StallEvent } from '../contract/cage-events';
import { type StallHit, StallHits } from './stall-hits';

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

  #tell({ ms, toldBy, killed, refusal }: StallHit, stalledMs: number, timeMs: number): void {
    this.#onStalled({ ms, stalledMs, toldBy, killed, timeMs, ...(refusal !== undefined && { error: refusal }) });
  }

  #start({ ms, action }: ResolvedStall): Meter {
    const { memory, usage, pressure, kill } = this.#options;
    try {
      return watcher().stallMeter(
        {
          ...{ dirFd: memory.anchor, path: memory.relative },
          ...{ timeDirFd: usage.directory.anchor, timePath: usage.directory.relative, timeFile: usage.file },
          ...{ pressureDirFd: pressure.anchor, pressurePath: pressure.relative },
          ...{ kills: action === 'kill', killDirFd: kill.anchor, killPath: kill.relative, limitUs: ms * 1000 },
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
