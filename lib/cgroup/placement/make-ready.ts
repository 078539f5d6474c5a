import { basename } from 'node:path';
import { newSelfName } from '../names/own-names';
import type { Effect, EffectResult } from './effects';
import type { Judgement } from './judge';
import { hasChildren, readEnabled, readPids, USED_BY_CAGES } from './parent-facts';

const ATTEMPTS = 5;
/** How often to begin again when processes appear between the last look and the enabling: for a second in all. */
const ROUNDS = 24;
const LONGEST_PAUSE_MS = 50;
/** ENODEV: it was removed after the open. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV']);

/** A change that made a cgroup ready for cages. */
interface Change {
  path: string;
  selfPath: string | undefined;
  isMovable: IsMovable;
}

type IsMovable = (pid: number) => boolean;

/** The changes that are undone at the end of the process. */
const changes: Change[] = [];
/** The changes that stay when this process becomes another program. */
const lastingChanges: Change[] = [];

interface Manner {
  isOurs: IsMovable;
  /** Whether the change stays when this process ends by exec. */
  lasts: boolean;
}

/** Enables the memory controller for a cgroup's children, after moving processes out of the cgroup. */
export function* makeReady(
  path: string,
  { move, moveOthers, enable }: Exclude<Judgement, { refusal: string }>,
  { isOurs, lasts }: Manner,
): Generator<Effect, void, EffectResult> {
  const isMovable = moveOthers === true ? isAny : isOurs;
  if (move.length === 0) {
    if (!enable) return;
    yield control(path, '+memory');
    if (lasts) lastingChanges.push({ path, selfPath: undefined, isMovable });
    return;
  }
  const name = newSelfName();
  const selfPath = `${path}/${name}`;
  if (!lasts) yield { do: 'tell-guardian', path, name };
  try {
    yield { do: 'make-directory', path: selfPath };
  } catch (error) {
    yield forget(selfPath);
    throw error;
  }
  try {
    yield* moveAndEnable(path, selfPath, { enable, isMovable });
  } catch (error) {
    yield* moveBack(selfPath, path, isMovable);
    throw error;
  }
  (lasts ? lastingChanges : changes).push({ path, selfPath, isMovable });
}

/**
 * The kernel refuses the controller (EBUSY) while a process is there. Others may start some at any time, and one that is
 * ending is still there for a moment when it is no longer listed.
 */
function* moveAndEnable(
  path: string,
  selfPath: string,
  { enable, isMovable }: { enable: boolean; isMovable: IsMovable },
): Generator<Effect, void, EffectResult> {
  for (let round = 1; ; round += 1) {
    yield* moveIn(path, selfPath, isMovable);
    if (!enable) return;
    try {
      yield control(path, '+memory');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || round === ROUNDS) throw error;
      yield { do: 'pause', ms: pauseAfter(round) };
    }
  }
}

/** Another memcage may sweep the self cgroup away while nobody is in it. Then it is made again. */
function* moveIn(path: string, selfPath: string, isMovable: IsMovable): Generator<Effect, void, EffectResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      yield* moveAll(path, selfPath, isMovable);
      return;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!GONE.has(code) || attempt === ATTEMPTS) throw error;
      yield* makeAgain(selfPath, error);
    }
  }
}

function* makeAgain(selfPath: string, why: unknown): Generator<Effect, void, EffectResult> {
  try {
    yield { do: 'make-directory', path: selfPath };
  } catch (error) {
    // The self cgroup is there: something else was missing.
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? why : error;
  }
}

/** The other way round, as far as it goes: what it undoes has failed, and that is what the caller must hear of. */
function* moveBack(selfPath: string, path: string, isMovable: IsMovable): Generator<Effect, void, EffectResult> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    try {
      yield* moveAll(selfPath, path, isMovable);
      yield* removeSelf(selfPath);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      yield { do: 'pause', ms: pauseAfter(round) };
    }
  }
}

function pauseAfter(round: number): number {
  return Math.min(2 ** round, LONGEST_PAUSE_MS);
}

/**
 * Restores the cgroups, if nobody else has used them meanwhile. For the end of the process, which would otherwise
 * leave behind the empty cgroup that it was in, and a cgroup that no process can be put into.
 */
export function undoAll(): Generator<Effect, void, EffectResult> {
  return undo(changes);
}

/** Restores what should have lasted, since this process could not become another program. */
export function undoLasting(): Generator<Effect, void, EffectResult> {
  return undo(lastingChanges);
}

function* undo(made: Change[]): Generator<Effect, void, EffectResult> {
  for (const { path, selfPath, isMovable } of made.splice(0)) {
    if (hasChildren(path, selfPath?.slice(path.length + 1))) continue;
    // Cages may have enabled others than memory, of this thread or of another.
    const enabled = readEnabled(path).filter((name) => USED_BY_CAGES.includes(name));
    if (enabled.length > 0) yield control(path, enabled.map((name) => `-${name}`).join(' '));
    if (selfPath === undefined) continue;
    yield* moveAll(selfPath, path, isMovable);
    yield* removeSelf(selfPath);
  }
}

/** A guardian does not leave as long as it has one: one that is not there may be about to be made. */
function* removeSelf(selfPath: string): Generator<Effect, void, EffectResult> {
  try {
    yield { do: 'remove-directory', path: selfPath };
  } catch (error) {
    // Another memcage may have swept it away.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  yield forget(selfPath);
}

function forget(selfPath: string): Effect {
  return { do: 'forget-self', name: basename(selfPath) };
}

function control(path: string, value: string): Effect {
  return { do: 'write', path: `${path}/cgroup.subtree_control`, value };
}

/** 0 stands for a process of another PID namespace, which has no number here. */
function isAny(pid: number): boolean {
  return pid !== 0;
}

function* moveAll(from: string, to: string, isMovable: IsMovable): Generator<Effect, void, EffectResult> {
  // More than once, because they may start others meanwhile.
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const pids = readPids(from).filter(isMovable);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        yield { do: 'write', path: `${to}/cgroup.procs`, value: String(pid) };
      } catch (error) {
        // The process has ended.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}
