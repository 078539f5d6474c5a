import type { RootMount, RootPlan, TmpfsOptions } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { NamespacePlan } from '../namespaces/namespaces';
import type { SettingsPlan } from '../settings/child-settings';

/** What memcage-exec has to do. `native/launcher/README.md` has the format, `arguments.cc` beside it reads it. */
export interface LauncherPlan {
  /** Files through which to join a cgroup: paths, or numbers of fds that the launcher inherits. */
  join: readonly (string | number)[];
  /** The directory of the pids controller in which the joins must not exceed a limit: a path, or the number of an fd. */
  pids?: string | number | undefined;
  namespaces: NamespacePlan;
  /** The root directory of the program, and of an init. Its sources are looked up where the launcher is started. */
  root?: RootPlan | undefined;
  /** The settings of the program, not of an init. */
  settings: SettingsPlan;
  /** Whether an init runs between the PID namespace and the program. */
  init: boolean;
  /** Whether the launcher begins with all signals blocked, which its program is not to have. */
  signalsHeld?: boolean;
  /** Whether the launcher is an init in the place of its caller, which need not be pid 1. */
  entryPoint?: boolean;
  /** The launcher's fd to which it writes a failure. */
  reportFd?: number;
  /**
   * Whether the program waits at `reportFd` until its gate is opened. 'parent': it also ends with this process, whatever
   * it does to its ids.
   */
  gate?: boolean | 'parent';
  /** The fd to which the init writes the wait status of its program. */
  statusFd?: number;
  /** The process with which the program ends. */
  parent?: number;
  uid?: number;
  gid?: number;
  /** The program, if that is not `argv[0]`. */
  file?: string;
}

// The launcher refuses a version that it was not built for.
const VERSION = '1';

/** The arguments that go before the command. */
export function launcherArguments(plan: LauncherPlan): string[] {
  const { namespaces: ns, settings, gate = false } = plan;
  const values: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ['report', plan.reportFd],
    ['status', plan.statusFd],
    ...plan.join.map((path) => ['join', path] as const),
    ['pids', plan.pids],
    ['parent', plan.parent],
    ['unshare', ns.namespaces === 0 ? undefined : ns.namespaces],
    ['uid-map', ns.idMaps?.uidMap],
    ['gid-map', ns.idMaps?.gidMap],
    ['hostname', ns.hostname],
    ['oom-score-adj', settings.oomScoreAdj],
    ...(settings.rlimits ?? []).map(
      ({ name, soft, hard }) => ['rlimit', `${name}:${amount(soft)}:${amount(hard)}`] as const,
    ),
    ['nice', settings.nice],
    ['capabilities', settings.capabilities && bits(settings.capabilities)],
    ['seccomp', settings.seccomp && Buffer.from(settings.seccomp).toString('hex')],
    ['uid', plan.uid],
    ['gid', plan.gid],
    ['file', plan.file],
  ];
  const words: readonly (readonly [name: string, given: boolean])[] = [
    ['private-mounts', ns.privateMounts],
    ['mount-proc', ns.mountProc],
    ['loopback', ns.loopback],
    ['no-new-privs', settings.noNewPrivs === true],
    ['seccomp-early', settings.seccompEarly === true],
    ['gate', gate !== false],
    ['gate-parent', gate === 'parent'],
    ['init', plan.init],
    ['signals-held', plan.signalsHeld === true],
    ['entry-point', plan.entryPoint === true],
  ];
  return [
    VERSION,
    ...values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...words.flatMap(([name, given]) => (given ? [`--${name}`] : [])),
    ...(plan.root ? rootArguments(plan.root) : []),
    '--',
  ];
}

/** @throws ERR_MEMCAGE_UNSUPPORTED for what no argument can say */
export function refuseUnsupported({ user }: NamespaceOptions): void {
  if (typeof user !== 'object' || user.subordinate !== true) return;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    'Only spawn() and run() support `subordinate`: memcage must run newuidmap beside the child',
  );
}

/** Whether a command line is that of an init. */
export function isInitCommand([, version, ...words]: readonly string[]): boolean {
  return version === VERSION && words.slice(0, words.indexOf('--')).includes('--init');
}

/** The arguments for a root directory. Those of one mount come together, its target last; the mounts in their order. */
function rootArguments({ path, empty, emptyOptions, readOnly, mounts, hide, proc, dev, cwd }: RootPlan): string[] {
  const start = empty ? [...tmpfsArguments(emptyOptions), '--root-empty'] : ['--root-own'];
  return [
    ...(path === null ? start : [`--root=${path}`]),
    ...(readOnly ? ['--root-read-only'] : []),
    ...(proc === 'keep' ? [] : [`--root-proc=${proc}`]),
    ...(dev ? ['--root-dev'] : []),
    ...mounts.flatMap(mountArguments),
    ...hide.map((hidden) => `--hide=${hidden}`),
    `--cwd=${cwd}`,
  ];
}

function mountArguments(mount: RootMount): string[] {
  const create = mount.create ? ['--create'] : [];
  if (mount.kind === 'tmpfs') return [...create, ...tmpfsArguments(mount), `--tmpfs=${mount.to}`];
  return [...create, `--bind-from=${mount.from}`, `--${mount.readOnly ? 'bind-read-only' : 'bind'}=${mount.to}`];
}

function tmpfsArguments(options: TmpfsOptions | undefined): string[] {
  if (options === undefined) return [];
  const { size, mode } = options;
  return [...(size === undefined ? [] : [`--tmpfs-size=${size}`]), `--tmpfs-mode=${mode}`];
}

function amount(limit: number): string {
  // Decimal digits, also where String() would write an exponent.
  return limit === Number.POSITIVE_INFINITY ? 'unlimited' : BigInt(limit).toString();
}

/** A set of capabilities in hexadecimal, as /proc/PID/status has it. */
function bits(numbers: readonly number[]): string {
  const sum = numbers.reduce((all, number) => all | (1n << BigInt(number)), 0n);
  return sum.toString(16).padStart(16, '0');
}
