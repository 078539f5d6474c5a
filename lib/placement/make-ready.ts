import { newLeafName } from '../cgroup/names/parent-names';
import type { Effect, EffectResult } from './effects';
import type { Judgement } from './judge';
import { hasChildren, readPids } from './parent-facts';

const ATTEMPTS = 5;

/** A change that made a cgroup ready for cages. It is undone at the end of the process. */
interface Change {
  path: string;
  leaf: string;
}

const changes: Change[] = [];

/** Enables the memory controller for a cgroup's children, after moving the caller's processes out of the cgroup. */
export function* makeReady(
  path: string,
  { move, enable }: Exclude<Judgement, { refusal: string }>,
  isOurs: (pid: number) => boolean,
): Generator<Effect, void, EffectResult> {
  if (move.length === 0) {
    if (enable) yield control(path, '+memory');
    return;
  }
  const name = newLeafName();
  const leaf = `${path}/${name}`;
  yield { do: 'tell-guardian', path, name };
  yield { do: 'make-directory', path: leaf };
  try {
    yield* moveAll(path, leaf, isOurs);
    if (enable) yield control(path, '+memory');
  } catch (error) {
    yield* moveAll(leaf, path, isOurs);
    yield { do: 'remove-directory', path: leaf };
    throw error;
  }
  changes.push({ path, leaf });
}

/**
 * Restores the cgroups, if nobody else has used them meanwhile. For the end of the process, which would otherwise
 * leave behind the empty cgroup that it was in, and a cgroup that no process can be put into.
 */
export function* undoAll(isOurs: (pid: number) => boolean): Generator<Effect, void, EffectResult> {
  for (const { path, leaf } of changes.splice(0)) {
    if (hasChildren(path, leaf.slice(path.length + 1))) continue;
    yield control(path, '-memory');
    yield* moveAll(leaf, path, isOurs);
    yield { do: 'remove-directory', path: leaf };
  }
}

function control(path: string, value: string): Effect {
  return { do: 'write', path: `${path}/cgroup.subtree_control`, value };
}

function* moveAll(from: string, to: string, isOurs: (pid: number) => boolean): Generator<Effect, void, EffectResult> {
  // More than once, because they may start others meanwhile.
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const pids = readPids(from).filter(isOurs);
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
