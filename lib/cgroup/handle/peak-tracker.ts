import { constants as fsConstants } from 'node:fs';
import { release } from 'node:os';
import type { NativeBinding } from '../../../types/native';
import { loadNative } from '../../common/addon/load-native';
import { closedError, ErrorCode, MemcageError } from '../../common/errors/errors';
import { type CgroupDirectory, statFd } from '../directory/directory';
import { cgroupError, refusedWith } from '../directory/refusal';
import { lostController } from '../directory/refused-file';
import { type CgroupVersion, parseValue } from '../files/formats';
import { memoryFile } from '../files/roles';

const FILE = memoryFile('peak', 2);

// A number and a newline.
const buffer = new Uint8Array(32);

/** An open `memory.peak`. */
interface Watch {
  fd: number;
  /** Identifies the cgroup, whatever handle the file was opened through. */
  inode: string;
  /** The peak before another tracker was reset, in bytes. */
  seen: number;
}

const watches = new Set<Watch>();
const orphans = new FinalizationRegistry<Watch>(end);

/**
 * The highest usage of a cgroup since a moment that you choose: {@link Cgroup.trackPeak}. The cgroup's `peak()` and the
 * outcome's `peakBytes` are not affected. Holds one fd.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 *
 * @experimental
 */
export class PeakTracker {
  readonly #directory: CgroupDirectory;
  readonly #watch: Watch;
  #closed = false;

  /** @internal Use `trackPeak()`. */
  constructor(directory: CgroupDirectory, version: CgroupVersion) {
    if (version !== 2) throw notInVersion(directory.path);
    this.#directory = directory;
    this.#watch = openResettable(directory);
    watches.add(this.#watch);
    orphans.register(this, this.#watch, this);
    try {
      this.reset();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The highest usage since the tracker was made or last reset, page cache included, in bytes. */
  peak(): number {
    const watch = this.#open();
    return this.#call('read', ({ native }) => currentPeak(native, watch));
  }

  /** Start again from the present usage. */
  reset(): void {
    const watch = this.#open();
    this.#call('reset', ({ native }) => {
      // On Linux 6.12, this makes the other trackers forget their peaks, except for the present usage.
      for (const other of watches) {
        if (other !== watch && other.inode === watch.inode) other.seen = currentPeak(native, other);
      }
      native.writeOpen({ fd: watch.fd, value: '0' });
      watch.seen = 0;
    });
  }

  /** Close its fd. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    orphans.unregister(this);
    end(this.#watch);
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Watch {
    if (!this.#closed) return this.#watch;
    throw closedError(`The peak tracker of ${this.#directory.path}`);
  }

  #call<T>(doing: string, call: (directory: CgroupDirectory) => T): T {
    try {
      return call(this.#directory);
    } catch (error) {
      const { path } = this.#directory;
      if (refusedWith(error, 'EINVAL')) throw notResettable(path, error);
      throw lostController(this.#directory, FILE, error) ?? cgroupError(error, doing, `${path}/${FILE}`);
    }
  }
}

function currentPeak(native: NativeBinding, { fd, seen }: Watch): number {
  const length = native.readOpen({ fd, buffer });
  return Math.max(seen, parseValue(Buffer.from(buffer.subarray(0, length)).toString('latin1'), FILE));
}

function end(watch: Watch): void {
  watches.delete(watch);
  loadNative().closeFd({ fd: watch.fd });
}

/** The mode of the file says whether the kernel takes a write. Opening it would not: root may open it in any mode. */
function openResettable(directory: CgroupDirectory): Watch {
  const { native } = directory;
  const probe = directory.open(FILE, 'read');
  try {
    const { mode, dev, ino } = statFd(probe);
    if ((Number(mode) & fsConstants.S_IWUSR) === 0) throw notResettable(directory.path, undefined);
    return { fd: directory.open(FILE, 'read-write'), inode: `${dev}:${ino}`, seen: 0 };
  } finally {
    native.closeFd({ fd: probe });
  }
}

function notInVersion(path: string): MemcageError {
  return new MemcageError(
    ErrorCode.NOT_IN_VERSION,
    'trackPeak() needs cgroup v2: on v1, where memory is here, a reset is one for everybody',
    { path },
  );
}

function notResettable(path: string, cause: unknown): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `trackPeak() needs Linux 6.12, in which ${FILE} can be reset; this is Linux ${release()}`,
    { path: `${path}/${FILE}`, cause },
  );
}
