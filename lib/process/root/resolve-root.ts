import type { TmpfsOptions } from '../../../types/native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { mention, words } from '../../common/errors/words';
import { aliasesOf } from '../../common/options/accepted-options';
import { checkFlagOr } from '../../common/options/checks';
import { isRecord, readOptions } from '../../common/options/option-names';
import { isWithin } from '../../common/text/names';
import { checkSize } from '../../common/text/size';
import { depthOf, hostPath, innerPath } from './paths';
import { DEV, type HiddenPath, isApart, needsDev, type Root, type RootEntry } from './root';

const ROOT = ['path', 'readOnly', 'binds', 'tmpfs', 'hide'] as const;
const BIND = ['source', 'target', 'readOnly'] as const;
const TMPFS = ['path', 'size', 'mode'] as const;

// Names in Docker, runc, bubblewrap and systemd.
const ROOT_ALIASES = aliasesOf({
  path: ['root', 'rootfs', 'dir', 'directory'],
  readOnly: ['ro'],
  binds: ['mounts', 'volumes', 'bindpaths'],
  hide: ['mask', 'masked', 'maskedpaths', 'hidden', 'inaccessiblepaths'],
});
const BIND_ALIASES = aliasesOf({
  source: ['src', 'from', 'host', 'hostpath'],
  target: ['dst', 'dest', 'destination', 'to', 'containerpath', 'path'],
  readOnly: ['ro'],
});
const TMPFS_ALIASES = aliasesOf({
  path: ['to', 'dst', 'dest', 'destination', 'target'],
  size: ['max', 'limit', 'maxsize'],
});

/** The launcher takes no more mounts, and no more hidden paths. */
const MOST_ENTRIES = 1024;

const MOST_MODE = 0o7777;
/** The mode of /tmp: everybody may make files, and remove only their own. That of /: only its owner may. */
const MODE = '1777';
const MODE_OF_ROOT = '755';

/** Validates the option `root` of a function, without looking at the machine. */
export function resolveRoot(option: unknown, of: string): Root | undefined {
  if (option === undefined) return undefined;
  if (!isRecord(option))
    throw invalidArgument('root', `an object of ${ROOT.join(', ')}, such as { path: '/srv/root' }`, option);
  const given = readOptions(option, { of, within: 'root', known: ROOT, aliases: ROOT_ALIASES });
  const path = given.path === undefined ? undefined : hostPath('root.path', given.path);
  const readOnly = checkFlagOr(false, 'root.readOnly', given.readOnly);
  const binds = listOf('root.binds', given.binds, (name, each) => bindOf(name, each, of));
  const tmpfs = listOf('root.tmpfs', given.tmpfs, (name, each) => tmpfsOf(name, each, of));
  const hide = listOf('root.hide', given.hide, hiddenOf);
  const emptied = tmpfs.find(({ to }) => to === '/');
  if (emptied !== undefined && path !== undefined) {
    const expected = words`a path below / (${mention('root.path')} already says what is there)`;
    throw invalidArgument(emptied.option, expected, '/');
  }
  const empty = emptied?.tmpfs;
  const most = Math.max(binds.length + tmpfs.length, hide.length);
  if (most > MOST_ENTRIES)
    throw invalidArgument('root', `at most ${MOST_ENTRIES} mounts, and as many hidden paths`, option);
  const mounts = orderMounts([...binds, ...tmpfs], isApart({ path, empty }));
  return { path, empty, readOnly, mounts, hide };
}

function bindOf(option: string, given: unknown, of: string): GivenMount {
  if (!isRecord(given)) throw invalidArgument(option, `an object of ${BIND.join(', ')}`, given);
  const { source, target, readOnly } = readOptions(given, { of, within: option, known: BIND, aliases: BIND_ALIASES });
  const to = innerPath(`${option}.target`, target);
  if (to === '/') {
    const expected = words`a path below / (${mention('root.path')} is the directory that becomes /)`;
    throw invalidArgument(`${option}.target`, expected, target);
  }
  return {
    option,
    to,
    from: hostPath(`${option}.source`, source),
    readOnly: checkFlagOr(false, `${option}.readOnly`, readOnly),
  };
}

function tmpfsOf(option: string, given: unknown, of: string): GivenMount & { tmpfs: TmpfsOptions } {
  if (typeof given === 'string') {
    const to = innerPath(option, given);
    return { option, to, tmpfs: { mode: to === '/' ? MODE_OF_ROOT : MODE } };
  }
  if (!isRecord(given)) throw invalidArgument(option, `a path, or an object of ${TMPFS.join(', ')}`, given);
  const { path, size, mode } = readOptions(given, { of, within: option, known: TMPFS, aliases: TMPFS_ALIASES });
  const to = innerPath(`${option}.path`, path);
  const unset = to === '/' ? MODE_OF_ROOT : MODE;
  const tmpfs = {
    ...(size !== undefined && { size: sizeOf(`${option}.size`, size) }),
    mode: mode === undefined ? unset : modeOf(`${option}.mode`, mode),
  };
  return { option, to, tmpfs };
}

function hiddenOf(option: string, given: unknown): HiddenPath {
  const path = innerPath(option, given);
  if (path === '/') throw invalidArgument(option, 'a path below / (an empty root is a tmpfs at /)', given);
  return { option, path };
}

/** tmpfs(5) takes 0 for no limit. */
function sizeOf(option: string, size: unknown): string {
  const bytes = checkSize(option, size);
  return bytes === Number.POSITIVE_INFINITY ? '0' : BigInt(bytes).toString();
}

function modeOf(option: string, mode: unknown): string {
  const isOctal = typeof mode === 'string' && /^[0-7]+$/.test(mode);
  const number = isOctal ? Number.parseInt(mode, 8) : mode;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MOST_MODE) {
    return number.toString(8);
  }
  throw invalidArgument(option, "permissions as a number from 0 to 0o7777, or as octal text such as '755'", mode);
}

function listOf<T>(option: string, given: unknown, read: (option: string, each: unknown) => T): T[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalidArgument(option, 'an array', given);
  return Array.from(given as readonly unknown[], (each, index) => read(`${option}[${index}]`, each));
}

/** An entry of `root.binds` or `root.tmpfs`, checked. */
type GivenMount = { option: string; to: string } & (
  | { from: string; readOnly: boolean; tmpfs?: never }
  | { tmpfs: TmpfsOptions }
);

const PROC = '/proc';

/**
 * The mounts, each after that which it is within. A target may be made only where the nearest mount around it is a tmpfs of
 * the child's own: anywhere else it would be made in files that others see.
 *
 * @param isApart nothing of this process's root is there
 */
function orderMounts(given: readonly GivenMount[], isApart: boolean): RootEntry[] {
  refuseTaken(given);
  const sorted = [...given].sort((one, other) => depthOf(one.to) - depthOf(other.to));
  // What memcage mounts first.
  const before: MountAround[] = [{ to: PROC }, ...(needsDev(isApart, given) ? [{ to: DEV, tmpfs: {} }] : [])];
  const all = [...before, ...sorted].sort((one, other) => depthOf(one.to) - depthOf(other.to));
  return sorted.filter(({ to }) => to !== '/').map((each) => ({ option: each.option, mount: mountOf(each, all) }));
}

/** A mount that others are within, and whether it is a tmpfs. */
type MountAround = Pick<GivenMount, 'to'> & { tmpfs?: object };

function mountOf(given: GivenMount, all: readonly MountAround[]): RootEntry['mount'] {
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
    if (other !== undefined) throw invalidArgument(option, words`another target than that of ${mention(other)}`, to);
    taken.set(to, option);
    if (to === PROC)
      throw invalidArgument(option, `another target than ${PROC}, where memcage mounts that of the child`, to);
  }
}
