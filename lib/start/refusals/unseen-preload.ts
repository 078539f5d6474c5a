import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRELOAD } from '../../cage/evidence/heap/environment';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { companion } from '../../common/addon/companion';
import { misplaced } from '../../common/errors/argument-errors';
import type { Program } from '../../process/launch-contract';
import { isApart, type Root } from '../../process/root/root';
import type { StartRequest } from '../request/start-request';

const OPTION = 'evidence.heapSnapshot';
const PERMISSION = /(^|\s)--(experimental-)?permission(\s|$)/;

/**
 * Refuses what keeps a Node child from loading what writes heap snapshots: it would not start, or could not be reached.
 *
 * @throws ERR_MEMCAGE_INVALID_ARGUMENT
 */
export function refuseUnseenPreload(
  { evidence, shared, outer, root, namespaces }: StartRequest,
  { args = [], env = [], uid }: Partial<Pick<Program, 'args' | 'env' | 'uid'>>,
): void {
  const around = shared ?? outer;
  const isAsked =
    evidence?.extraBytes !== undefined ||
    (around instanceof SharedKernelCage && around.evidences.some(({ asksNode }) => asksNode));
  if (!isAsked) return;
  const path = companion(PRELOAD);
  if (namespaces.net) {
    throw misplaced(
      OPTION,
      'with a network namespace: its Node programs could not be reached',
      'leave out one of the two',
    );
  }
  if (root !== undefined && !isShown(path, root)) {
    const why = `with a root that does not show ${path}: its Node programs load that first`;
    throw misplaced(OPTION, why, `bind ${dirname(path)} there, at the same path`);
  }
  if (uid !== undefined && uid !== process.getuid?.() && !isReadableFor(uid, path)) {
    throw misplaced(
      OPTION,
      `with a uid that may not read ${path}: its Node programs load that first`,
      'let it read that',
    );
  }
  const options = [
    ...args,
    ...env.filter((pair) => pair.startsWith('NODE_OPTIONS=')).map((pair) => pair.slice(13)),
  ].join(' ');
  if (PERMISSION.test(options) && !(options.includes('--allow-worker') && isReadAllowed(path, options))) {
    const why = `with Node's permission model, which forbids its thread and ${path}`;
    throw misplaced(OPTION, why, `add --allow-worker --allow-fs-read=${path}`);
  }
}

/** Whether a file is at its path in the root too. */
function isShown(path: string, root: Root): boolean {
  let isThere = !isApart(root);
  for (const { mount } of root.mounts) {
    if (isWithin(path, mount.to)) isThere = mount.kind === 'bind' && mount.from === mount.to;
  }
  return isThere && !root.hide.some((hidden) => isWithin(path, hidden.path));
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** By the permission bits for the owner or for everybody; the groups of the user are not known. */
function isReadableFor(uid: number, path: string): boolean {
  const may = (of: string, bits: number): boolean => {
    const { mode, uid: owner } = statSync(of);
    return ((owner === uid ? mode >> 6 : mode) & bits) === bits;
  };
  const searched = (directory: string): boolean =>
    may(directory, 1) && (directory === '/' || searched(dirname(directory)));
  return uid === 0 || (may(path, 4) && searched(dirname(path)));
}

function isReadAllowed(path: string, options: string): boolean {
  const allowed = [...options.matchAll(/--allow-fs-read[= ](\S+)/g)].flatMap(([, paths = '']) => paths.split(','));
  return allowed.some((each) => each === '*' || isWithin(path, each.replace(/\/?\*$/, '')));
}
