import { type Dir, lstatSync, opendirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../../../common/text/names';
import type { HeldFile } from '../messages';
import { type Tmpfs, tmpfsOf } from './mount-table';

const MOST_ENTRIES = 20_000;
const MOST_DEPTH = 32;
const MOST_FDS = 2048;
const MOST_PROCESSES = 64;
const MOST_NAMESPACES = 8;
const MOST_FILES = 20;
const LEAST_BYTES = 64 * 1024;
const BLOCK = 512;

/** The largest files in memory that processes of a cage can see or have open. */
export class TmpfsFiles {
  readonly #files = new Map<string, HeldFile>();
  readonly #outside = new Set(tmpfsOf('self').map(({ device }) => device));
  #left = MOST_ENTRIES;

  /** @param goesOn whether there is time */
  constructor(private readonly goesOn: () => boolean) {}

  /** @param pids the largest process first @returns what could not be looked at */
  read(pids: readonly number[]): string[] {
    const unread: string[] = [];
    const seen = new Set<string>();
    const walked = new Set<string>();
    for (const pid of pids.slice(0, MOST_PROCESSES)) {
      if (!this.goesOn()) break;
      const mounts = tmpfsOf(pid);
      this.#openFiles(pid, new Set(mounts.map(({ device }) => device)));
      const namespace = linkOf(`/proc/${pid}/ns/mnt`);
      if (namespace === undefined || seen.has(namespace)) continue;
      if (seen.size === MOST_NAMESPACES) {
        unread.push('files in tmpfs of further mount namespaces');
        break;
      }
      seen.add(namespace);
      for (const mount of mounts) {
        if (walked.has(mount.device)) continue;
        walked.add(mount.device);
        this.#walk(pid, mount);
      }
    }
    if (this.#left <= 0 || !this.goesOn()) unread.push('some files in tmpfs: there are too many');
    return unread;
  }

  get largest(): HeldFile[] {
    return [...this.#files.values()].sort((one, other) => other.bytes - one.bytes).slice(0, MOST_FILES);
  }

  /** Those of memory that have no name: deleted, or never named. */
  #openFiles(pid: number, devices: ReadonlySet<string>): void {
    const directory = `/proc/${pid}/fd`;
    let left = MOST_FDS;
    entriesOf(directory, (name) => {
      left -= 1;
      const target = linkOf(join(directory, name)) ?? '';
      const isMemfd = target.startsWith('/memfd:');
      if (isMemfd || target.endsWith(' (deleted)')) {
        const found = statOf(join(directory, name));
        // A deleted file on a disk is no memory.
        if (found !== undefined && (isMemfd || devices.has(deviceOf(found.dev)))) {
          this.#note(found, { path: target.replace(/ \(deleted\)$/, ''), deleted: true, pid, visibleOutside: false });
        }
      }
      return left > 0 && this.goesOn();
    });
  }

  #walk(pid: number, { device, mountPoint }: Tmpfs): void {
    const root = join(`/proc/${pid}/root`, mountPoint);
    const top = statOf(root);
    // Something else is mounted over it.
    if (top === undefined || deviceOf(top.dev) !== device) return;
    const visibleOutside = this.#outside.has(device);
    const directories = [{ path: '', depth: 0 }];
    for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
      const { path, depth } = next;
      entriesOf(join(root, path), (name) => {
        this.#left -= 1;
        const below = join(path, name);
        const found = lstatOf(join(root, below));
        if (found?.dev === top.dev) {
          if (found.isDirectory() && depth < MOST_DEPTH) directories.push({ path: below, depth: depth + 1 });
          else if (found.isFile()) {
            this.#note(found, { path: join(mountPoint, below), deleted: false, pid, visibleOutside });
          }
        }
        return this.#left > 0 && this.goesOn();
      });
      if (this.#left <= 0 || !this.goesOn()) return;
    }
  }

  #note({ dev, ino, blocks }: Stats, file: Omit<HeldFile, 'bytes'>): void {
    const bytes = blocks * BLOCK;
    const key = `${dev} ${ino}`;
    if (bytes < LEAST_BYTES || this.#files.has(key)) return;
    this.#files.set(key, { ...file, path: printable(file.path), bytes });
  }
}

/** @param take false: no more */
function entriesOf(path: string, take: (name: string) => boolean): void {
  let directory: Dir;
  try {
    directory = opendirSync(path);
  } catch {
    return;
  }
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (!take(entry.name)) return;
    }
  } catch {
    // It is gone.
  } finally {
    directory.closeSync();
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** See makedev(3). */
function majorOf(device: number): number {
  const number = BigInt(device);
  return Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn));
}

function deviceOf(device: number): string {
  const number = BigInt(device);
  return `${majorOf(device)}:${(number & 0xffn) | ((number >> 12n) & ~0xffn & 0xffffffffn)}`;
}
