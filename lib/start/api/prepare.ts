import type { Parent } from '../../../types/parent';
import { prepareCageRoot } from '../../cage/root/cage-roots';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { host } from '../../cgroup/hierarchy/host';
import { prepareDefaultParent } from '../../cgroup/placement/default-parent';
import { setGuardian } from '../../cgroup/processes/guardian';
import { loadNative } from '../../common/addon/load-native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { untilNextIteration } from '../../common/event-loop/timers';
import { checkOptions } from '../../common/options/option-names';
import { resolveParent } from '../request/cage-options';

/** Options of {@link prepare}. */
export interface PrepareOptions {
  /** Prepare this cgroup instead of the default parent. */
  parent?: Cgroup | string;
  /**
   * Whether memcage may ask systemd for a scope if it finds no delegated cgroup. It then moves this process into that
   * scope, and on into a cgroup below it. Applies for the rest of the process. Default: true, unless the environment
   * has MEMCAGE_SYSTEMD=0.
   */
  systemd?: boolean;
  /**
   * Whether a guardian ends the cages when this process is killed. Applies to cages in parents that this thread has
   * not used yet. Default: true, unless the environment has MEMCAGE_GUARDIAN=0.
   */
  guardian?: boolean;
}

/**
 * Find the cgroup in which cages are made, and prepare it ahead of time. If you don't, the first call that needs a
 * cage blocks for as long as that takes: some ten milliseconds with systemd. Returns the parent that is used.
 *
 * ```js run
 * import { prepare, run } from 'memcage';
 *
 * const parent = await prepare();
 * console.log(parent.source, (await run('true', { memory: '50M' })).exitCode);
 * ```
 *
 * ```text output
 * own 0
 * ```
 *
 * @throws `ERR_MEMCAGE_NO_PARENT` with the `candidates` that were considered
 */
export async function prepare(options: PrepareOptions = {}): Promise<Parent> {
  const { systemd, guardian } = checkOptions(options, { of: 'prepare', known: ['parent', 'systemd', 'guardian'] });
  if (systemd !== undefined && typeof systemd !== 'boolean') throw invalidArgument('systemd', 'true or false', systemd);
  if (guardian !== undefined && typeof guardian !== 'boolean') {
    throw invalidArgument('guardian', 'true or false', guardian);
  }
  if (guardian !== undefined) setGuardian(guardian);
  // Each of these steps takes milliseconds the first time. In between, the event loop gets a turn.
  loadNative();
  await untilNextIteration();
  const current = host();
  await untilNextIteration();
  const given = resolveParent(options.parent);
  const parent: Parent =
    given === undefined
      ? await prepareDefaultParent(current, { ...(systemd !== undefined && { systemd }) })
      : { source: 'option', path: given };
  await untilNextIteration();
  await prepareCageRoot(parent.path);
  return parent;
}
