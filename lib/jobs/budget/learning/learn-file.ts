import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { type FileHandle, readFile, rename, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { loadNative } from '../../../common/addon/load-native';
import { fileError } from './file-error';
import { parseText, toText } from './file-format';
import type { Histories } from './histories';
import { abandon, isNotThere, OPEN_FLAGS, openLocked } from './saving-lock';

/** Ten thousand long keys take a tenth of it. */
const MOST_BYTES = 64 * 1024 ** 2;

/** The file with what was learned, which several processes may share. It is replaced as a whole, so that a reader finds all or nothing new. */
export class LearnFile {
  private constructor(readonly path: string) {}

  /**
   * Finds out whether it can be read and replaced. Blocks. Leaves it as it is.
   *
   * @throws ERR_MEMCAGE_LEARN_FILE with the cure
   */
  static open(path: string): LearnFile {
    // Throws ERR_MEMCAGE_UNSUPPORTED where there are no locks.
    loadNative();
    const full = resolve(path);
    try {
      const file = new LearnFile(followed(full));
      file.#tryToReplace();
      return file;
    } catch (cause) {
      throw fileError(full, cause);
    }
  }

  /** Undefined if there is none. Blocks. */
  readSync(nowMs: number): Histories | undefined {
    try {
      const stats = statSync(this.path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      refuseOther(stats);
      return parseText(readFileSync(this.path, 'utf8'), nowMs);
    } catch (cause) {
      throw fileError(this.path, cause);
    }
  }

  /**
   * Replaces the content by one that is made of it, while no other process does.
   *
   * @param change gets undefined if there is no file. Called at most once, after a wait for the lock
   */
  async update(nowMs: number, change: (found: Histories | undefined) => Histories): Promise<Histories> {
    try {
      const temporary = await openLocked(this.#temporary);
      let changed: Histories;
      try {
        const before = await statOf(this.path);
        changed = change(await this.#read(before, nowMs));
        await fill(temporary, toText(changed), before);
        await rename(this.#temporary, this.path);
      } catch (error) {
        await abandon(this.#temporary, temporary);
        throw error;
      }
      await temporary.close();
      return changed;
    } catch (cause) {
      throw fileError(this.path, cause);
    }
  }

  async #read(stats: Stats | undefined, nowMs: number): Promise<Histories | undefined> {
    if (stats === undefined) return undefined;
    refuseOther(stats);
    return parseText(await readFile(this.path, 'utf8'), nowMs);
  }

  /** Beside it, as a rename needs the same file system. */
  get #temporary(): string {
    return `${this.path}.saving`;
  }

  /** Makes the temporary file, and removes it, which also removes what a killed process has left. */
  #tryToReplace(): void {
    const stats = statSync(this.path, { throwIfNoEntry: false });
    if (stats !== undefined) {
      refuseOther(stats);
      // A rename would replace a file that nobody may write.
      accessSync(this.path, constants.R_OK | constants.W_OK);
    }
    const fd = openSync(this.#temporary, OPEN_FLAGS, 0o666);
    try {
      // Where the lock is taken, another process is about to rename the file.
      if (loadNative().tryLock({ fd })) unlinkIfAt(this.#temporary, fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Through links, also to what is not there yet: a rename would replace the link. */
function followed(path: string): string {
  // Throws for a circle of links.
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
  // From where the link really is: its directory may have been reached through another one.
  return followed(resolve(realpathSync(dirname(path)), readlinkSync(path)));
}

/** @throws for what can't be such a file. To read a FIFO would block. */
function refuseOther(stats: Stats): void {
  if (!stats.isFile()) throw new Error('it is not a regular file');
  if (stats.size > MOST_BYTES) throw new Error('it is too large for one');
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

/** On the disk before the rename is: a machine that loses its power must not leave an empty file. */
async function fill(file: FileHandle, text: string, before: Stats | undefined): Promise<void> {
  await file.truncate();
  await file.writeFile(text);
  if (before !== undefined) await copyAccess(file, before);
  await file.sync();
}

/** Gives the new file the old one's owner and mode, so that those who could read and write it still can. */
async function copyAccess(file: FileHandle, { mode, uid, gid }: Stats): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) {
    // Only root may give a file away. Others make it theirs, as any program that replaces a file.
    await file.chown(uid, gid).catch(() => undefined);
  }
  await file.chmod(mode & 0o777);
}

function unlinkIfAt(path: string, fd: number): void {
  const [named, opened] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  if (named !== undefined && named.ino === opened.ino && named.dev === opened.dev) unlinkSync(path);
}
