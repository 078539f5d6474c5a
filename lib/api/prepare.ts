import type { Parent } from '../../types/parent';
import { loadNative } from '../addon/load-native';
import { prepareCageRoot } from '../cage/cage-roots';
import type { Cgroup } from '../cgroup/handle/cgroup';
import { host } from '../cgroup/hierarchy/host';
import { invalidArgument } from '../errors/errors';
import { waitForTurn } from '../event-loop/wait-for-turn';
import { setGuardian } from '../launcher/guardian';
import { checkOptions } from '../options/option-names';
import { prepareDefaultParent } from '../placement/default-parent';
import { resolveParent } from '../request/cage-options';

/** Options of {@link prepare}. */
export interface PrepareOptions {
  /** Make ready this cgroup, and not the one that is used by default. */
  parent?: Cgroup | string;
  /**
   * Whether systemd may be asked for a scope where no delegated cgroup is found: this process is then moved into that, and
   * on into a cgroup below it. It holds for the rest of the process. Default: true, unless the environment has
   * MEMCAGE_SYSTEMD=0.
   */
  systemd?: boolean;
  /**
   * Whether a guardian ends the cages when this process is killed. It holds for cages in places that this thread has not used
   * yet. Default: true, unless the environment has MEMCAGE_GUARDIAN=0.
   */
  guardian?: boolean;
}

/**
 * Find the cgroup that cages are made in, and make it ready, ahead of time. Without it the first call that needs a cage
 * blocks for as long as that takes: with systemd some ten milliseconds. Returns what is used.
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
  // Each of these takes milliseconds the first time; between them the event loop has its turn.
  loadNative();
  await waitForTurn();
  const current = host();
  await waitForTurn();
  const given = resolveParent(options.parent);
  const parent: Parent =
    given === undefined
      ? await prepareDefaultParent(current, { ...(systemd !== undefined && { systemd }) })
      : { source: 'option', path: given };
  await waitForTurn();
  await prepareCageRoot(parent.path);
  return parent;
}
