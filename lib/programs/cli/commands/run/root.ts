import { accessSync, constants, statSync } from 'node:fs';
import {
  checkCageOptions,
  type NamespaceOptions,
  type RootBind,
  type RootOptions,
  type RootTmpfs,
} from '../../../../index';
import type { Option, Values } from '../../command';
import { asUsage } from '../../limit-options';
import { UsageError } from '../../parse';
import { inFlags } from './in-flags';

const SECTION = 'Files that COMMAND sees (a PID namespace with an init, unless --pid)';

/** The root directory of COMMAND. */
export const ROOT = {
  root: { type: 'string', value: 'DIR', help: 'DIR is its root directory', section: SECTION, suggest: 'file' },
  'read-only': {
    type: 'boolean',
    help: 'it can write to no file but in --bind and --tmpfs',
    section: SECTION,
  },
  bind: {
    type: 'string',
    value: 'FROM:TO[:ro]',
    help: 'FROM is at TO; with :ro, to read only; any number of times',
    section: SECTION,
    multiple: true,
    suggest: 'file',
  },
  tmpfs: {
    type: 'string',
    value: 'PATH[:SIZE]',
    help: 'an empty directory at PATH, in memory of its cage; / for an empty root; any number of times',
    section: SECTION,
    multiple: true,
  },
  hide: {
    type: 'string',
    value: 'PATH',
    help: 'it finds nothing at PATH; any number of times',
    section: SECTION,
    multiple: true,
  },
  cwd: {
    type: 'string',
    value: 'DIR',
    help: 'it begins in DIR, as it sees it (default: this directory, or / in another root)',
    section: SECTION,
    suggest: 'file',
  },
} as const satisfies Record<string, Option>;

/**
 * Undefined if no option asks for one.
 *
 * @param namespaces of COMMAND
 */
export function rootOf(
  { root: path, 'read-only': readOnly, bind, tmpfs, hide }: Values<typeof ROOT>,
  namespaces: NamespaceOptions,
): RootOptions | undefined {
  const root: RootOptions = {
    ...(path !== undefined && { path }),
    ...(readOnly === true && { readOnly }),
    ...(bind !== undefined && { binds: bind.map(bindOf) }),
    ...(tmpfs !== undefined && { tmpfs: tmpfs.map(tmpfsOf) }),
    ...(hide !== undefined && { hide }),
  };
  if (Object.keys(root).length === 0) return undefined;
  try {
    asUsage(() => checkCageOptions({ root, namespaces }));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(inFlags(error.message, root));
  }
  return root;
}

/** TO begins with a slash, so that FROM may have colons. */
function bindOf(word: string): RootBind {
  const [, from = '', to = '', mode] = /^(.+):(\/[^:]*)(?::(ro|rw))?$/.exec(word) ?? [];
  if (from === '') throw new UsageError(`--bind is FROM:TO or FROM:TO:ro, with an absolute TO, not '${word}'`);
  return { from, to, readOnly: mode === 'ro' };
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
