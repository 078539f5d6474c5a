import { isMainThread } from 'node:worker_threads';
import type { Parent, ParentCandidate, ParentSource } from '../../../types/parent';
import { type Host, processDirectory } from '../hierarchy/host';
import { resolveGiven } from '../hierarchy/resolve-path';
import { noParent } from './candidates';
import { runBlocking, runLater } from './effects';
import { findParent, listCandidates, type Wishes } from './find-parent';
import { refuseGiven } from './given-parent';
import { undoAll, undoLasting } from './make-ready';
import { readParentFacts } from './parent-facts';
import { refuseAsking } from './systemd';

/** How long looking may block for systemd, which is asked up to two questions. */
const FORESEE_MS = 2000;

let found: Parent | undefined;
let underWay: Promise<Parent> | undefined;
/** Whether this process has looked for one, and so may have moved. */
let hasSearched = false;
/** What the program wants. */
const wishes: Wishes = { systemd: process.env['MEMCAGE_SYSTEMD'] !== '0' };

/**
 * The parent of cages if the caller names none. Found once. Until then it blocks for as long as it takes to move this
 * process, or for systemd to answer.
 */
export function defaultParent(host: Host): Parent {
  const given = fromEnvironment(host);
  if (given !== undefined) return given;
  found ??= ownOnV1(host) ?? runBlocking(search(host));
  return found;
}

/** {@link defaultParent} without blocking the event loop. */
export async function prepareDefaultParent(host: Host, { systemd }: Partial<Wishes> = {}): Promise<Parent> {
  if (systemd !== undefined) wishes.systemd = systemd;
  const given = fromEnvironment(host);
  if (given !== undefined) return given;
  found ??= ownOnV1(host);
  if (found !== undefined) return found;
  underWay ??= runLater(search(host)).finally(() => {
    underWay = undefined;
  });
  found ??= await underWay;
  return found;
}

function search(host: Host): ReturnType<typeof findParent> {
  hasSearched = true;
  return findParent(host, wishes);
}

/** A parent that nobody has made ready, or not yet. */
export interface ForeseenParent {
  path: string;
  /** False: processes have to leave it first, or the memory controller to be enabled, and both can be done. */
  isReady: boolean;
}

/**
 * What {@link defaultParent} would return, without moving, making or remembering anything. Undefined for a scope that systemd has
 * yet to make, of which nothing can be known. Throws what {@link defaultParent} would throw, as far as that can be known before.
 */
export function foreseenParent(host: Host): ForeseenParent | undefined {
  const given = fromEnvironment(host) ?? found ?? ownOnV1(host);
  if (given !== undefined) return { path: given.path, isReady: true };
  const deadlineMs = performance.now() + FORESEE_MS;
  const { candidates, errors } = runBlocking(listCandidates(host, wishes, FORESEE_MS));
  const last = candidates.pop();
  const isUsable = last?.refusal === null;
  if (isUsable && last.source !== 'systemd' && last.path !== null) return { path: last.path, isReady: false };
  const refused = isUsable ? refuseAsking(Math.max(1, Math.round(deadlineMs - performance.now()))) : undefined;
  if (isUsable && refused === undefined) return undefined;
  throw noParent(last === undefined ? candidates : [...candidates, { ...last, ...refused }], errors[0]);
}

/** The parents that memcage would consider now. Changes nothing. */
export function parentCandidates(host: Host): ParentCandidate[] {
  const given = fromEnvironment(host) ?? found ?? ownOnV1(host);
  if (given !== undefined) return [considerGiven(given, host)];
  return runBlocking(listCandidates(host, wishes)).candidates;
}

/** The parent that needs no search: the one that the environment names, or on v1 the cgroup of this process. */
function givenParent(host: Host): Parent | undefined {
  return fromEnvironment(host) ?? ownOnV1(host);
}

/** Whether cages can be made in it. */
function considerGiven(given: Parent, host: Host): ParentCandidate {
  return { ...given, ...refuseGiven(given, host) };
}

/** How memcage came to a parent; `option` where it did not find it itself. */
export function sourceOf(path: string, host: Host): ParentSource {
  const known = [fromEnvironment(host), found ?? ownIfSeen(host)];
  return known.find((parent) => parent?.path === path)?.source ?? 'option';
}

function ownIfSeen(host: Host): Parent | undefined {
  try {
    return ownOnV1(host);
  } catch {
    return undefined;
  }
}

function fromEnvironment(host: Host): Parent | undefined {
  const path = process.env['MEMCAGE_PARENT'];
  if (path === undefined || path === '') return undefined;
  return { source: 'environment', path: resolveGiven(path, host, 'MEMCAGE_PARENT') };
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
  if (!hasSearched || !isMainThread || found?.source === 'systemd') return;
  found = undefined;
  try {
    runBlocking(undoAll());
  } catch {
    // Others are in it.
  }
}

/**
 * Finds a parent for the cages of the program that this process is about to become, and makes it ready. No guardian is
 * told of it, and the end of this process does not give it back.
 *
 * @returns the parent. The program finds the same one without being told
 * @throws ERR_MEMCAGE_NO_PARENT
 */
export function prepareLastingParent(host: Host): Parent {
  const given = givenParent(host);
  if (given === undefined) return runBlocking(findParent(host, { ...wishes, entryPoint: true }));
  const candidate = considerGiven(given, host);
  const refused = candidate.refusal === null ? refuseFull(given, host) : candidate;
  if (refused !== undefined) throw noParent([refused]);
  return given;
}

/** Undoes {@link prepareLastingParent}, if this process can't become the program after all. */
export function giveBackLastingParent(): void {
  try {
    runBlocking(undoLasting());
  } catch {
    // Others are in it.
  }
}

/** v2: memory can't be enabled for cages below a cgroup that has processes. */
function refuseFull(given: Parent, { version }: Host): ParentCandidate | undefined {
  if (version === 1) return undefined;
  const { enabled, pids, type } = readParentFacts(given.path);
  const isRoot = type === undefined;
  if (enabled.includes('memory') || pids.length === 0 || isRoot) return undefined;
  const refusal = "it has processes of its own, so it can't give the memory controller to cgroups below it";
  return { ...given, refusal, cure: 'unset MEMCAGE_PARENT, or let it name a cgroup without processes' };
}
