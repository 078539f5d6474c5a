import { type Options, type Values, valued } from '../../command';
import type { Flags } from '../../flags';
import { text } from '../../kinds';
import { libraryOptions } from '../../library-options';
import type { LibraryOptions } from '../../option-names';
import { given } from '../../usage';
import { LIMITS } from './limits';
import { NAMESPACES } from './namespaces';
import { resourceLimits } from './rlimits';
import { checkCwd, ROOT } from './root';
import { SETTINGS } from './settings';

/** The options of a command in a cage, for every command of memcage that starts one; those for memory itself are not among them. */
export const CAGED = {
  ...LIMITS,
  ...NAMESPACES,
  ...ROOT,
  ...SETTINGS,
  parent: valued(text('CGROUP', 'the path of a cgroup', 'cgroup'), 'memory cgroup to make the cage in', {
    sets: 'parent',
    otherwise: 'found by memcage',
  }),
} as const satisfies Options;

type OfCage = 'memory' | 'pids' | 'cpu' | 'cpuTimeMs' | 'stall' | 'parent' | 'enforce';

/** A command in a cage, and what is to hold for it. */
export interface CagedRequest {
  file: string;
  args: readonly string[];
  /** What is to hold for its cage. */
  cage: Pick<LibraryOptions, OfCage>;
  /** What is to hold for the command itself. */
  child: Omit<LibraryOptions, OfCage>;
  /** How some options were given. */
  flags: Flags;
}

/**
 * @param table has at least the options of {@link CAGED}
 *
 * Throws UsageError.
 */
export function cagedOf<O extends typeof CAGED>(
  table: O,
  values: Values<O>,
  [file = '', ...args]: readonly string[],
  flags: Flags,
): CagedRequest {
  const { rlimit }: Values<typeof CAGED> = values;
  const { memory, pids, cpu, cpuTimeMs, stall, parent, enforce, ...child } = libraryOptions(table, values);
  if (rlimit !== undefined) child.rlimits = resourceLimits(rlimit);
  checkCwd(child.cwd, child.root);
  return { file, args, cage: given({ memory, pids, cpu, cpuTimeMs, stall, parent, enforce }), child, flags };
}
