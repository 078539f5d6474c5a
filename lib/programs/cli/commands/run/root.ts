import { accessSync, constants, statSync } from 'node:fs';
import type { RootBind, RootOptions, RootTmpfs } from '../../../../index';
import { type Options, section, type Values } from '../../command';
import { given, UsageError } from '../../usage';

const { flag, valued } = section('Files that COMMAND sees (a PID namespace with an init, unless --pid)');

/** The root directory of COMMAND. */
export const ROOT = {
  root: valued('DIR', 'DIR is its root directory', { suggest: 'file' }),
  'read-only': flag('it can write to no file but in --bind and --tmpfs'),
  bind: valued('FROM:TO[:ro]', 'FROM is at TO; with :ro, to read only; any number of times', {
    multiple: true,
    suggest: 'file',
  }),
  tmpfs: valued(
    'PATH[:SIZE]',
    'an empty directory at PATH, in memory of its cage; / for an empty root; any number of times',
    { multiple: true },
  ),
  hide: valued('PATH', 'it finds nothing at PATH; any number of times', { multiple: true }),
  cwd: valued('DIR', 'it begins in DIR, as it sees it (default: this directory, or / in another root)', {
    suggest: 'file',
  }),
} as const satisfies Options;

/** Undefined if no option asks for one. */
export function rootOf({
  root: path,
  'read-only': readOnly,
  bind,
  tmpfs,
  hide,
}: Values<typeof ROOT>): RootOptions | undefined {
  const root: RootOptions = given({ path, readOnly, binds: bind?.map(bindOf), tmpfs: tmpfs?.map(tmpfsOf), hide });
  return Object.keys(root).length === 0 ? undefined : root;
}

/** TO begins with a slash, so that FROM may have colons. */
function bindOf(word: string): RootBind {
  const [, from = '', to = '', mode] = /^(.+):(\/[^:]*)(?::(ro|rw))?$/.exec(word) ?? [];
  if (from === '') throw new UsageError(`--bind is FROM:TO or FROM:TO:ro, with an absolute TO, not '${word}'`);
  return { source: from, target: to, readOnly: mode === 'ro' };
}

function tmpfsOf(word: string): RootTmpfs {
  const [, path = '', size] = /^(\/[^:]*)(?::(.+))?$/.exec(word) ?? [];
  if (path === '') throw new UsageError(`--tmpfs is PATH or PATH:SIZE, with an absolute PATH, not '${word}'`);
  return { path, ...(size !== undefined && { size }) };
}

/** Undefined for the default. In a root of its own, only the child finds out whether the directory is there. */
export function cwdOf(cwd: string | undefined, root: RootOptions | undefined): string | undefined {
  if (cwd === '') throw new UsageError('--cwd needs a directory');
  if (cwd === undefined || root !== undefined) return cwd;
  try {
    if (!statSync(cwd).isDirectory()) throw new UsageError(`--cwd ${cwd} is not a directory`);
    accessSync(cwd, constants.X_OK);
    return cwd;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--cwd ${cwd}: ${(error as Error).message}`);
  }
}
