import type { NamespaceOptions, RootOptions } from '../../../types/options';
import { whyNoCage } from '../../cage/root/cage-roots';
import { Cgroup } from '../../cgroup/handle/cgroup';
import { foreseenHost } from '../../cgroup/hierarchy/host';
import { resolveGiven } from '../../cgroup/hierarchy/resolve-path';
import { loadNative } from '../../common/addon/load-native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { MemcageError } from '../../common/errors/errors';
import { checkOptions } from '../../common/options/option-names';
import { resolveNamespaces, withRights } from '../../process/namespaces/namespaces';
import { resolveRoot } from '../../process/root/resolve-root';
import { withRoot } from '../../process/root/root';
import { whyNoNamespaces, whyNoRoot } from '../refusals/foreseen-refusal';
import { cageAround, refuseOtherCopy } from '../request/context';
import { acceptedIn } from '../request/start-request';

/** Options of {@link isSupported} and {@link whyUnsupported}. */
export interface SupportedOptions {
  /** Namespaces that the child is to have besides its cage. Default: none. */
  namespaces?: NamespaceOptions;
  /** The root directory that the child is to have, with the namespaces that it implies. Default: this process's. */
  root?: RootOptions;
  /**
   * The memory cgroup in which the cage is to be made. Default: as in {@link spawn}, the cage around
   * ({@link SharedCage.contain}), or else what memcage would find, see {@link prepare}.
   */
  parent?: Cgroup | string;
}

/**
 * Whether `spawn()` can start a child with a memory limit here, in a cage of the kernel's, with these namespaces and this root.
 * {@link whyUnsupported} says why not, and has the details. `enforce` and `MEMCAGE_ENFORCE` play no part: a start that
 * accepts less than the kernel may work where this is false.
 *
 * @throws a TypeError when an option is wrong, and a system error when this process is short of something (EMFILE)
 */
export function isSupported(options: SupportedOptions = {}): boolean {
  return refusalFor(options, 'isSupported') === null;
}

/**
 * The error that `spawn()` would throw for a child with a memory limit in a cage of the kernel's, with these
 * namespaces and this root; `null` if nothing is known that forbids them. It has the `code`, a message with the cause, and what
 * helps. `enforce` and `MEMCAGE_ENFORCE` play no part.
 *
 * Looks only: it makes, moves and starts nothing, and leaves no decision behind. On cgroup v2 with systemd it may ask
 * systemd's manager, which takes some milliseconds, two seconds in all if it does not answer. What the kernel shows only
 * when it is tried, such as a limit on namespaces that is reached, it can't foresee; `diagnose()` tries.
 *
 * @throws a TypeError when an option is wrong, and a system error when this process is short of something (EMFILE)
 */
export function whyUnsupported(options: SupportedOptions = {}): MemcageError | null {
  return refusalFor(options, 'whyUnsupported');
}

function refusalFor(options: SupportedOptions, of: string): MemcageError | null {
  const given = checkOptions(options, { of, known: ['namespaces', 'root', 'parent'] });
  const root = resolveRoot(given.root, of);
  const namespaces = withRoot(resolveNamespaces(given.namespaces, of), root);
  checkParent(given.parent);
  try {
    const native = loadNative();
    const wanted = withRights(namespaces);
    return whyNoPlace(given.parent) ?? whyNoNamespaces(native, wanted) ?? whyNoRoot(root);
  } catch (error) {
    if (error instanceof MemcageError) return error;
    throw error;
  }
}

function checkParent(parent: unknown): asserts parent is Cgroup | string | undefined {
  if (parent === undefined || typeof parent === 'string' || parent instanceof Cgroup) return;
  throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
}

/** Throws the same where a cage around decides. */
function whyNoPlace(parent: Cgroup | string | undefined): MemcageError | null {
  refuseOtherCopy();
  const around = cageAround();
  if (parent === undefined) {
    if (around === undefined) return whyNoCage();
    acceptedIn(around, 'kernel');
    return null;
  }
  return whyNoCage(typeof parent === 'string' ? resolveGiven(parent, foreseenHost()) : parent.pathAsParent());
}
