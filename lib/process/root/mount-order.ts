import type { TmpfsOptions } from '../../../types/native';
import { invalidArgument } from '../../common/errors/errors';
import { depthOf, isWithin } from './paths';
import type { RootEntry } from './root';

/** An entry of `root.binds` or `root.tmpfs`, checked. */
export type GivenMount = { option: string; to: string } & (
  | { from: string; readOnly: boolean; tmpfs?: never }
  | { tmpfs: TmpfsOptions }
);

const DEV = '/dev';
const PROC = '/proc';

/** Whether memcage mounts the minimal `/dev`: nobody else does. */
export function needsDev(isApart: boolean, mounts: readonly { to: string }[]): boolean {
  return isApart && !mounts.some(({ to }) => to === DEV);
}

/**
 * The mounts, each after that which it is within. A target may be made only where the nearest mount around it is a tmpfs of
 * the child's own: anywhere else it would be made in files that others see.
 *
 * @param isApart nothing of this process's root is there
 */
export function orderMounts(given: readonly GivenMount[], isApart: boolean): RootEntry[] {
  refuseTaken(given);
  const sorted = [...given].sort((one, other) => depthOf(one.to) - depthOf(other.to));
  // What memcage mounts first.
  const before: Around[] = [{ to: PROC }, ...(needsDev(isApart, given) ? [{ to: DEV, tmpfs: {} }] : [])];
  const all = [...before, ...sorted].sort((one, other) => depthOf(one.to) - depthOf(other.to));
  return sorted.filter(({ to }) => to !== '/').map((each) => ({ option: each.option, mount: mountOf(each, all) }));
}

/** A mount that others are within, and whether it is a tmpfs. */
type Around = Pick<GivenMount, 'to'> & { tmpfs?: object };

function mountOf(given: GivenMount, all: readonly Around[]): RootEntry['mount'] {
  const { to } = given;
  const around = all.filter((other) => other !== given && isWithin(to, other.to)).at(-1);
  const create = around?.tmpfs !== undefined;
  if (given.tmpfs !== undefined) return { kind: 'tmpfs', to, ...given.tmpfs, create };
  return { kind: 'bind', from: given.from, to, readOnly: given.readOnly, create };
}

function refuseTaken(given: readonly GivenMount[]): void {
  const taken = new Map<string, string>();
  for (const { option, to } of given) {
    const other = taken.get(to);
    if (other !== undefined) throw invalidArgument(option, `another target than that of ${other}`, to);
    taken.set(to, option);
    if (to === PROC)
      throw invalidArgument(option, `another target than ${PROC}, where memcage mounts that of the child`, to);
  }
}
