import type { CageOptions } from '../../cage/contract/cage';
import { whyNoCage } from '../../cage/root/cage-roots';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { loadNative } from '../../common/addon/load-native';
import { MemcageError } from '../../common/errors/errors';
import { strict } from '../../common/options/accepted-options';
import { refuseSettings, whyNoNamespaces, whyNoRoot } from '../refusals/foreseen-refusal';
import { checkedOptions } from '../request/cage-options';
import { acceptedIn, isPlain, requestOf, type StartRequest } from '../request/start-request';
import { refuseTooFewPids } from '../request/too-few-pids';

const CALLED = strict('whyUnsupported', 'spawn');

/**
 * The error that `spawn()` would throw for a child with these options here, if the kernel is to hold its limits; `null` if nothing
 * is known that forbids the start. It has the `code`, a message with the cause, and what helps. `enforce` and
 * `MEMCAGE_ENFORCE` play no part: a start that accepts less than the kernel may work where this gives an error.
 *
 * ```js run
 * import { whyUnsupported } from 'memcage';
 *
 * console.log(whyUnsupported({ memory: '100M', pids: 50 })?.message ?? 'it works here');
 * ```
 *
 * ```text output
 * it works here
 * ```
 *
 * Looks only: it makes, moves and starts nothing, and leaves no decision behind. On cgroup v2 with systemd it may ask
 * systemd's manager, which takes some milliseconds, two seconds in all if it does not answer. What the kernel shows only
 * when it is tried, such as a limit on namespaces that is reached, it can't foresee; `diagnose()` tries.
 *
 * @param options those of a start. Default: a limit of memory alone, whatever its size
 * @throws what `spawn()` throws for options that are wrong whatever this machine can do, a TypeError or RangeError; and a system
 * error when this process is short of something (EMFILE)
 */
export function whyUnsupported(options: CageOptions = { memory: 'max' }): MemcageError | null {
  try {
    const request = requestOf(checkedOptions(options, CALLED));
    if (isPlain(request)) return null;
    const { settings, namespaces, root } = request;
    const native = loadNative();
    refuseSettings(settings, namespaces);
    return whyNoPlace(request) ?? whyNoNamespaces(native, namespaces) ?? whyNoRoot(root);
  } catch (error) {
    if (error instanceof MemcageError) return error;
    throw error;
  }
}

/** Throws the same where a cage around decides. */
function whyNoPlace(request: StartRequest): MemcageError | null {
  refuseTooFewPids(request);
  const { shared, outer, limits, parent } = request;
  const around = shared ?? outer;
  if (around === undefined) return limits === undefined ? null : whyNoCage(parent, limits);
  acceptedIn(around, 'kernel');
  if (around instanceof SharedKernelCage) around.foresee(limits);
  return null;
}
