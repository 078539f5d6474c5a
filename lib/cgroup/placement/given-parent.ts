import { constants, statSync } from 'node:fs';
import type { Parent, ParentCandidate } from '../../../types/parent';
import { shellWord } from '../../common/text/names';
import type { Host } from '../hierarchy/host';
import { resolveGiven } from '../hierarchy/resolve-path';
import { readOnlyCure } from '../names/container';
import { giveCure, makeBelowCure } from './candidates';
import { refusalToAccess, unwritableIn } from './parent-facts';

/** Why no cages can be made in a cgroup, and what helps. */
export interface WhyNoParent {
  refusal: string;
  cure?: string;
}

/** Whether cages can be made in a cgroup that was named: by a caller, by the environment, or by the kernel on v1. */
export function refuseGiven({ path }: Pick<Parent, 'path'>, host: Host): Pick<ParentCandidate, 'refusal' | 'cure'> {
  const code = whyNotThere(path) ?? whyNoDirectoryIn(path);
  return code === undefined ? { refusal: null, cure: null } : { cure: null, ...explainRefused(code, path, host) };
}

/** The name of the errno with which the kernel would refuse to make a directory there. */
export function whyNoDirectoryIn(path: string): string | undefined {
  return refusalToAccess(path, constants.W_OK | constants.X_OK)?.code;
}

/** The name of the errno with which the kernel would refuse to open the file for writing. */
export function whyNotWritable(path: string): string | undefined {
  return refusalToAccess(path, constants.W_OK)?.code;
}

/**
 * In words what the kernel refused, for the errors of a start and for `memcage doctor`.
 *
 * @param code the name of the errno
 */
export function explainRefused(code: string, path: string, host: Host): WhyNoParent {
  switch (code) {
    case 'ENOENT':
    case 'ENODEV':
      return {
        refusal: 'there is no such cgroup',
        cure: isFromEnvironment(path, host) ? 'make it, or unset MEMCAGE_PARENT' : `mkdir -p ${shellWord(path)}`,
      };
    case 'ENOTDIR':
      return { refusal: 'it is no directory' };
    case 'EROFS':
      return { refusal: 'its file system is mounted read-only', cure: readOnlyCure(path) };
    default: {
      const cure = cureOfRights(path, host);
      return { refusal: "it can't be written by this process", ...(cure !== undefined && { cure }) };
    }
  }
}

function cureOfRights(path: string, { version, memory }: Host): string | undefined {
  const euid = process.geteuid?.() ?? 0;
  // If root can't write something, all that is known is that somebody took root's rights away. And nobody should be
  // given the whole hierarchy.
  if (euid === 0 || (version === 2 && path === memory.mountPoint)) return undefined;
  return version === 1 ? makeBelowCure(path, euid) : giveCure(path, unwritableIn(path), euid);
}

function isFromEnvironment(path: string, host: Host): boolean {
  const named = process.env['MEMCAGE_PARENT'];
  return named !== undefined && named !== '' && resolveGiven(named, host, 'MEMCAGE_PARENT') === path;
}

function whyNotThere(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}
