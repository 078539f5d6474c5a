import type { NativeError, StallSign } from '../../../types/native';
import { type Meter, watcher } from '../../addon/watcher';
import type { UsageFile } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupError, isNativeError } from '../../cgroup/directory/refusal';
import type { ResolvedStall } from '../../cgroup/limits/cage-limits';
import type { StallEvent } from '../../contract/cage-events';
import { ErrorCode, MemcageError } from '../../errors/errors';

interface Parts {
  stall: ResolvedStall;
  memory: CgroupDirectory;
  /** Tells the processor time of the same processes. */
  usage: UsageFile;
  /** Of the same processes, where the kernel may measure what they lose to memory (PSI). */
  pressure: CgroupDirectory;
  /** Where everything is killed at the limit. */
  kill: CgroupDirectory;
}

/**
 * The limit of how long a cage cgroup may get nowhere because of memory. The watcher's thread holds it, from the start to
 * {@link stop}. After a kill it watches what comes next.
 */
export class StallLimit {
  readonly #parts: Omit<Parts, 'stall'>;
  readonly #onStalled: (event: StallEvent) => void;
  #stall: ResolvedStall;
  #meter: Meter;
  #longestMs = 0;
  /** How often, by the meter. */
  #times = 0;
  /** How often, by meters before it. */
  #before = 0;
  #toldBy: StallSign | undefined;
  #hasKilled = false;
  #refusal: Error | undefined;

  /** @param onStalled is called by the event loop, after the kill, once for each stall */
  constructor({ stall, ...parts }: Parts, onStalled: (event: StallEvent) => void) {
    this.#parts = parts;
    this.#onStalled = onStalled;
    this.#stall = stall;
    this.#meter = this.#start(stall);
  }

  get stall(): ResolvedStall {
    return this.#stall;
  }

  /** The longest time without progress so far, in milliseconds. */
  get longestMs(): number {
    this.#look();
    return this.#longestMs;
  }

  /** How often the limit that was in force then was reached. */
  get times(): number {
    this.#look();
    return this.#before + this.#times;
  }

  /** What told of the last slice of time without progress; undefined if there was none. */
  get toldBy(): StallSign | undefined {
    this.#look();
    return this.#toldBy;
  }

  /** Everything in it was killed, at least once. */
  get hasKilled(): boolean {
    this.#look();
    return this.#hasKilled;
  }

  /** What the kernel refused when this limit was reached, even if a later kill went well; undefined if nothing. */
  get refusal(): Error | undefined {
    this.#look();
    return this.#refusal;
  }

  /** Sets another limit, for what happens from now on. */
  change(stall: ResolvedStall): void {
    const before = this.#meter;
    const meter = this.#start(stall);
    this.#look();
    this.#before += this.#times;
    this.#times = 0;
    this.#meter = meter;
    this.#stall = stall;
    this.#refusal = undefined;
    before.stop();
  }

  stop(): void {
    // The last reading stays.
    this.#look();
    this.#meter.stop();
  }

  #look(): void {
    const reading = this.#meter.read();
    if (reading === undefined) return;
    this.#longestMs = Math.max(this.#longestMs, reading.mostUs / 1000);
    this.#toldBy = reading.toldBy ?? this.#toldBy;
    this.#times = reading.times;
    if (this.#times > 0 && this.#stall.action === 'kill') this.#hasKilled = true;
    this.#note(reading.refused);
  }

  #note(refused: NativeError | undefined): void {
    if (refused === undefined) return;
    const { kill, memory } = this.#parts;
    // A look that the kernel refuses comes from reading a file, and there is none in a kill.
    const isLook = refused.syscall === 'pread';
    const what = isLook ? 'watch for stalls' : 'kill, at the limit stall, the processes of';
    this.#refusal ??= cgroupError(refused, what, (isLook ? memory : kill).path) as Error;
  }

  #start({ ms, action }: ResolvedStall): Meter {
    const { memory, usage, pressure, kill } = this.#parts;
    const killed = action === 'kill';
    try {
      return watcher().stallMeter(
        {
          ...{ dirFd: memory.anchor, path: memory.relative },
          ...{ timeDirFd: usage.directory.anchor, timePath: usage.directory.relative, timeFile: usage.file },
          ...{ pressureDirFd: pressure.anchor, pressurePath: pressure.relative },
          ...{ kills: killed, killDirFd: kill.anchor, killPath: kill.relative, limitUs: ms * 1000 },
        },
        ({ valueUs, toldBy = 'refaults', refused }, timeMs) => {
          this.#look();
          this.#note(refused);
          const error = this.#refusal;
          const stalledMs = valueUs / 1000;
          this.#onStalled({ ms, stalledMs, toldBy, killed, timeMs, ...(error !== undefined && { error }) });
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
