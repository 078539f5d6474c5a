import { accessSync, constants, statSync } from 'node:fs';
import type { RootBind, RootOptions, RootTmpfs, Size } from '../../../../index';
import { type Options, section } from '../../command';
import { DIRECTORY, type Kind, text } from '../../kinds';
import { UsageError } from '../../usage';

const { flag, valued } = section('Files that COMMAND sees (a PID namespace with an init, unless --pid)');

const BIND: Kind<RootBind> = {
  value: 'SOURCE:TARGET[:ro]',
  takes: 'SOURCE:TARGET or SOURCE:TARGET:ro, with an absolute TARGET',
  suggest: 'file',
  read(word) {
    // TARGET begins with a slash, so that SOURCE may have colons.
    const [, source = '', target = '', mode] = /^(.+):(\/[^:]*)(?::(ro|rw))?$/.exec(word) ?? [];
    return source === '' ? undefined : { source, target, readOnly: mode === 'ro' };
  },
};

const TMPFS: Kind<RootTmpfs> = {
  value: 'PATH[:SIZE]',
  takes: 'PATH or PATH:SIZE, with an absolute PATH',
  read(word) {
    const [, path = '', size] = /^(\/[^:]*)(?::(.+))?$/.exec(word) ?? [];
    return path === '' ? undefined : { path, ...(size !== undefined && { size: size as Size }) };
  },
};

/** The root directory of COMMAND. */
export const ROOT = {
  root: valued(DIRECTORY, 'DIR is its root directory', { sets: 'root.path', otherwise: "memcage's own" }),
  'read-only': flag('it can write to no file but in --bind and --tmpfs', { sets: 'root.readOnly' }),
  bind: valued(BIND, 'SOURCE is at TARGET; with :ro, to read only', { multiple: true, sets: 'root.binds' }),
  tmpfs: valued(TMPFS, 'an empty directory at PATH, in memory of its cage; / for an empty root', {
    multiple: true,
    sets: 'root.tmpfs',
  }),
  hide: valued(text('PATH', 'an absolute path'), 'it finds nothing at PATH', { multiple: true, sets: 'root.hide' }),
  cwd: valued(DIRECTORY, 'it begins in DIR, as it sees it', {
    sets: 'cwd',
    otherwise: 'this directory, or / in another root',
  }),
} as const satisfies Options;

/** In a root of its own, only the child finds out whether the directory is there. */
export function checkCwd(cwd: string | URL | undefined, root: RootOptions | undefined): void {
  if (cwd === undefined || root !== undefined) return;
  let isDirectory: boolean;
  try {
    isDirectory = statSync(cwd).isDirectory();
    if (isDirectory) accessSync(cwd, constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--cwd ${String(cwd)}: ${code === 'ENOENT' ? 'there is no such directory' : message}`);
  }
  if (!isDirectory) throw new UsageError(`--cwd ${String(cwd)} is not a directory`);
}
