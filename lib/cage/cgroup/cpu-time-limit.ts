import type { NativeError } from '../../../types/native';
import type { TimeLimit, UsageFile } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupError, isNativeError } from '../../cgroup/directory/refusal';
import { type Meter, watcher } from '../../common/addon/watcher';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CpuTimeEvent } from '../contract/cage-events';

interface CpuTimeLimitOptions {
  /** Path of the cage cgroup, for messages. */
  path: string;
  limitMs: number;
  usage: UsageFile;
  /** Where everything is killed at the limit. */
  kill: CgroupDirectory;
}

/** The limit of the processor time of a cage cgroup. The watcher's thread holds it, from the start to {@link stop}. */
export class CpuTimeLimit implements TimeLimit {
  readonly usage: UsageFile;
  readonly #path: string;
  readonly #kill: CgroupDirectory;
  readonly #onSpent: (spent: CpuTimeEvent) => void;
  #limitMs: number;
  #meter: Meter;
  #seenMs = 0;
  #refusal: Error | undefined;

  /** @param onSpent is called by the event loop, after the kill */
  constructor({ path, limitMs, usage, kill }: CpuTimeLimitOptions, onSpent: (spent: CpuTimeEvent) => void) {
    this.usage = usage;
    this.#path = path;
    this.#kill = kill;
    this.#onSpent = onSpent;
    this.#limitMs = limitMs;
    this.#meter = this.#start(limitMs);
  }

  get limitMs(): number {
    return this.#limitMs;
  }

  /** The time now; as it was last seen if the cgroup is gone. */
  get usedMs(): number {
    this.#look();
    return this.#seenMs;
  }

  /** What the kernel refused when this limit was reached, even if a later kill went well; undefined if nothing. */
  get refusal(): Error | undefined {
    this.#look();
    return this.#refusal;
  }

  /** Nothing more may run. */
  get isSpent(): boolean {
    return this.usedMs >= this.#limitMs;
  }

  /** Sets another limit, for the time since the cgroup was made. */
  change(limitMs: number): void {
    const before = this.#meter;
    this.#meter = this.#start(limitMs);
    this.#limitMs = limitMs;
    this.#refusal = undefined;
    before.stop();
  }

  /** Why nothing can be started here; undefined if there is time left. */
  explain(): string | undefined {
    const { usedMs, limitMs } = this;
    if (usedMs < limitMs) return undefined;
    return (
      `${this.#path} has used up its processor time (${Math.floor(usedMs)} of ${limitMs} ms), so nothing can be started ` +
      'in it: make another cage, or raise cpuTimeMs with cage.setLimits()'
    );
  }

  stop(): void {
    // The last reading stays.
    this.#look();
    this.#meter.stop();
  }

  #look(): void {
    const reading = this.#meter.read();
    if (reading === undefined) return;
    this.#seenMs = reading.valueUs / 1000;
    this.#note(reading.refused);
  }

  #note(refused: NativeError | undefined): void {
    if (refused === undefined) return;
    this.#refusal ??= cgroupError(refused, 'kill, at the limit cpuTimeMs, the processes of', this.#kill.path) as Error;
  }

  #start(limitMs: number): Meter {
    const { directory, file } = this.usage;
    const { anchor: dirFd, relative: path } = directory;
    const place = { dirFd, path, file, killDirFd: this.#kill.anchor, killPath: this.#kill.relative };
    try {
      return watcher().meter({ ...place, limitUs: limitMs * 1000 }, ({ valueUs, refused }, timeMs) => {
        this.#note(refused);
        this.#onSpent({ limitMs, usedMs: valueUs / 1000, timeMs, error: this.#refusal ?? null });
      });
    } catch (error) {
      throw refused(error, this.usage);
    }
  }
}

function refused(error: unknown, { directory, file }: UsageFile): unknown {
  const isLacking = isNativeError(error) && error.code === 'ENOENT' && directory.exists();
  if (!isLacking) return cgroupError(error, 'limit the processor time of', directory.path);
  const path = `${directory.path}/${file}`;
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `cpuTimeMs needs ${path}, which this kernel lacks: Linux 4.15 has it`,
    {
      path,
      cause: error,
    },
  );
}
