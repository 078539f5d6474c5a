import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Parent, ParentCandidate } from '../../types/parent';
import { type Host, processDirectory } from '../cgroup/hierarchy/host';
import { resolveGiven } from '../cgroup/hierarchy/resolve-path';
import { readOnlyCure } from '../cgroup/names/container-cure';
import { giveCure, makeBelowCure } from './cures';
import { runBlocking, runLater } from './effects';
import { findParent, listCandidates, type Wishes } from './find-parent';
import { undoAll } from './make-ready';
import { readParentFacts } from './parent-facts';

let found: Parent | undefined;
let underWay: Promise<Parent> | undefined;
/** What the program wants. */
export const wishes: Wishes = { systemd: process.env['MEMCAGE_SYSTEMD'] !== '0' };

/**
 * The parent of cages if the caller names none. Found once. Until then it blocks for as long as it takes to move this
 * process, or for systemd to answer.
 */
export function defaultParent(host: Host): Parent {
  const given = fromEnvironment(host);
  if (given !== undefined) return given;
  found ??= ownOnV1(host) ?? runBlocking(findParent(host, wishes));
  return found;
}

/** Like {@link defaultParent}, without blocking the event loop. */
export async function prepareDefaultParent(host: Host, { systemd }: Partial<Wishes> = {}): Promise<Parent> {
  if (systemd !== undefined) wishes.systemd = systemd;
  const given = fromEnvironment(host);
  if (given !== undefined) return given;
  found ??= ownOnV1(host);
  if (found !== undefined) return found;
  underWay ??= runLater(findParent(host, wishes)).finally(() => {
    underWay = undefined;
  });
  found ??= await underWay;
  return found;
}

/** The parents that memcage would consider now. Changes nothing. */
export function parentCandidates(host: Host): ParentCandidate[] {
  const given = fromEnvironment(host) ?? found ?? ownOnV1(host);
  if (given !== undefined) return [considerGiven(given, host)];
  return runBlocking(listCandidates(host, wishes));
}

/** The parent that needs no search: the one that the environment names, or on v1 the cgroup of this process. */
export function givenParent(host: Host): Parent | undefined {
  return fromEnvironment(host) ?? ownOnV1(host);
}

/** Whether cages can be made in it. */
export function considerGiven(given: Parent, host: Host): ParentCandidate {
  return { ...given, ...refuseGiven(given, host) };
}

function fromEnvironment(host: Host): Parent | undefined {
  const path = process.env['MEMCAGE_PARENT'];
  if (path === undefined || path === '') return undefined;
  return { source: 'environment', path: resolveGiven(path, host, 'MEMCAGE_PARENT') };
}

function refuseGiven({ source, path }: Parent, { version, memory }: Host): Pick<ParentCandidate, 'refusal' | 'cure'> {
  if (!existsSync(path)) {
    const refusal = 'there is no such cgroup';
    return { refusal, ...(source === 'environment' && { cure: 'make it, or unset MEMCAGE_PARENT' }) };
  }
  const { readOnly, unwritable } = readParentFacts(path);
  if (readOnly) return { refusal: 'its file system is mounted read-only', cure: readOnlyCure(path) };
  if (!unwritable.includes('')) return { refusal: null };
  const refusal = "it can't be written by this process";
  const euid = process.geteuid?.() ?? 0;
  // Nobody should be given the whole hierarchy.
  if (euid === 0 || (version === 2 && path === memory.mountPoint)) return { refusal };
  return { refusal, cure: version === 1 ? makeBelowCure(path, euid) : giveCure(path, unwritable, euid) };
}

/** On v1 a cgroup may have processes and cgroups below, so that there is nothing to look for. */
function ownOnV1({ version, memory }: Host): Parent | undefined {
  return version === 2 ? undefined : { source: 'own', path: processDirectory(memory, 'self') };
}

/**
 * At the end of the process, when its cages are gone: gives back the cgroup that it made room in, unless others use
 * it. A worker leaves the process where it is, and a scope ends with the process.
 */
export function giveBackParent(): void {
  if (!isMainThread || found?.source === 'systemd') return;
  found = undefined;
  try {
    runBlocking(undoAll());
  } catch {
    // Others are in it.
  }
}
