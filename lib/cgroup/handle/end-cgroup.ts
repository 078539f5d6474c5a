import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { type CgroupDirectory, withAccess } from '../directory/directory';
import { unlessGone } from '../directory/refusal';
import type { EventSources } from '../events/event-sources';
import { type KillCgroup, killAll } from '../processes/kill-cgroup';
import { isPopulated, listPids } from '../processes/pids';
import { removeTree, retry } from '../processes/remove-cgroup';

/** How long {@link killEveryProcess} keeps trying, and how long {@link removeWhole} waits for ending processes. */
const KILL_PATIENCE_MS = 5000;
const REMOVE_PATIENCE_MS = 500;

/** Where processes are. */
export interface ProcessPlace {
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
}

/** Kills every process in the cgroup, below it, and beside it. Resolves once none is left. */
export async function killEveryProcess(own: ProcessPlace, beside?: () => ProcessPlace | undefined): Promise<void> {
  await killIn(own);
  const other = beside?.();
  if (other === undefined) return;
  await killIn(other);
  // One may have come back meanwhile.
  await killIn(own);
}

async function killIn({ memory: directory, killCgroup }: ProcessPlace): Promise<void> {
  const kill = (): void => killAll(directory, killCgroup);
  if (withAccess(directory, () => directory.exists())) unlessGone(kill);
  else kill();
  const empty = (): boolean => {
    let isPopulatedStill = false;
    // The cgroup may be removed between any two steps, for example at the end of a private cage.
    unlessGone(() => {
      isPopulatedStill = isPopulated(directory);
      if (isPopulatedStill) kill();
    });
    return !isPopulatedStill;
  };
  if (!(await retry(empty, KILL_PATIENCE_MS))) throw busy('kill all of', directory);
}

/**
 * Removes the cgroup and those below it, once the processes that are just ending have ended.
 *
 * @param heard whose events are looked at before each attempt, and may say that it is too early for one
 */
export async function removeWhole(
  directory: CgroupDirectory,
  heard: { readonly events: EventSources | undefined },
): Promise<void> {
  withAccess(directory, () => directory.checkExists());
  const mustWait = (): boolean => {
    heard.events?.look();
    return heard.events?.awaitsTriggers(() => isPopulated(directory)) ?? false;
  };
  // rmdir(2) takes a name, which another cgroup may have by now.
  const attempt = (): boolean => !directory.exists() || (!mustWait() && removeTree(directory));
  if (!(await retry(attempt, REMOVE_PATIENCE_MS))) throw busy('remove', directory);
}

function busy(doing: string, directory: CgroupDirectory): MemcageError {
  const { path } = directory;
  const pids = withAccess(directory, () => listPids(directory, 'cgroup.procs'))
    .slice(0, 10)
    .join(', ');
  return new MemcageError(ErrorCode.BUSY, `Could not ${doing} ${path}: processes ${pids} are in it`, { path });
}
