import { readFileSync } from 'node:fs';
import type { Role } from './oversee';

/** A call of an operation, as a fault, a kill or a power cut has it. */
export interface Site {
  operation: string;
  point: { role: Role; call: string; subject: string };
}

/** Which calls a part of the source makes, or has made: all that this says must be so. */
interface Calls {
  roles?: readonly Role[];
  operations?: readonly string[];
  call?: RegExp;
  subject?: RegExp;
}

const IN_CHILD: readonly Role[] = ['child', 'launcher', 'init'];
const BY_LAUNCHER: readonly Role[] = ['launcher', 'init'];
const GUARDIAN: readonly Calls[] = [
  { roles: ['guardian'] },
  { roles: ['parent'], subject: /^socket:/, call: /^(sendmsg|recvfrom|poll)$/ },
  { roles: ['parent'], call: /^socketpair$/ },
];
const IN_CGROUPS: Calls = {
  subject: /^\/sys\/fs\/cgroup\/|(^|\/)(memory|cgroup|pids|cpu|cpuacct|cpuset|freezer)\.|(^|\/)tasks$|memcage-\d|^\d+$/,
};
const PARENT: Calls = { roles: ['parent'] };
const SIDES: readonly Role[] = ['parent', 'watcher'];
const IN_PROC = /^\/proc\//;
/** For these the starter clones a child. */
const BY_STARTER: Calls = {
  roles: ['parent', 'starter', 'child'],
  operations: ['shared', 'missing', 'limited', 'mapped', 'user', 'contain', 'gate', 'close'],
};
/** Roles that only some operations have. */
const RARE: Partial<Record<Role, readonly string[]>> = {
  starter: BY_STARTER.operations ?? [],
  launcher: ['init', 'root', 'launcher', 'launcher-init', 'gate'],
  init: ['init', 'root', 'launcher-init'],
};
const STARTS: Calls = {
  roles: ['parent', 'child'],
  operations: ['spawn', 'again', 'other', 'shared', 'missing', 'kill', 'detached'],
};

/**
 * What is exercised where. A directory stands for all in it that has no line of its own. What an empty list stands for is in no
 * operation.
 */
export const EXERCISED: Readonly<Record<string, readonly Calls[]>> = {
  'native/binding': [{ roles: SIDES }],
  'native/binding/guardian.cc': GUARDIAN,
  'native/binding/systemd.cc': [],
  'native/binding/watch.cc': [{ roles: ['watcher'] }],
  'native/cgroup': [IN_CGROUPS],
  'native/clone': [{ roles: ['child'] }, { roles: ['parent'], call: /^clone3?$|^rt_sigprocmask$/ }],
  'native/clone/child_settings': [{ roles: IN_CHILD, operations: ['settings', 'gate'] }],
  'native/starter/id_mapper': [{ operations: ['mapped'] }],
  'native/clone/privileges': [{ roles: IN_CHILD, operations: ['settings', 'user', 'gate'] }],
  'native/clone/root': [{ roles: IN_CHILD, operations: ['root'] }],
  'native/guardian': GUARDIAN,
  'native/launcher': [{ roles: BY_LAUNCHER }],
  'native/launcher/end_cgroups': [{ roles: ['guardian'] }],
  'native/launcher/guard_process': [{ roles: ['guardian'] }],
  'native/launcher/memory_kills': [{ roles: ['guardian'] }],
  'native/launcher/note': [{ roles: ['guardian'] }],
  'native/launcher/owner_end': [{ roles: ['guardian'] }],
  'native/launcher/main.cc': [{ roles: [...BY_LAUNCHER, 'guardian'] }],
  'native/launcher/start_children': [{ ...BY_STARTER, roles: ['starter', 'child'] }],
  'native/launcher/sealed': [{ roles: ['init'] }, { operations: ['init', 'launcher-init'], roles: BY_LAUNCHER }],
  'native/launcher/supervise': [{ roles: ['init'] }, { operations: ['init', 'launcher-init'], roles: BY_LAUNCHER }],
  'native/starter': [BY_STARTER],
  'native/sys': [{}],
  'native/systemd': [],
  'native/watch': [{ roles: ['watcher'] }],
  'native/watch/meters': [{ roles: SIDES, operations: ['limited'] }],
  'native/watch/wait_with_pipes': [{ operations: ['sync', 'execFileSync'] }],
  'lib/common/addon': [{ roles: SIDES }],
  'lib/start/api': [PARENT],
  'lib/start/contain': [{ ...PARENT, operations: ['contain', 'gate'] }],
  'lib/start/api/create-cage.ts': [
    { ...PARENT, operations: ['create', 'shared', 'limited', 'close', 'limits', 'list'] },
  ],
  'lib/start/api/exec.ts': [{ ...PARENT, operations: ['exec', 'execFile'] }],
  'lib/start/api/fork.ts': [{ ...PARENT, operations: ['fork', 'pool'] }],
  'lib/start/api/create-launcher.ts': [{ operations: ['launcher', 'launcher-init'] }],
  'lib/start/run': [{ ...PARENT, operations: ['run'] }],
  'lib/jobs/budget': [{ ...PARENT, operations: ['gate'] }],
  'lib/cage': [PARENT],
  'lib/cage/cage-pool.ts': [{ operations: ['again', 'other'], roles: SIDES }],
  'lib/cage/made-ahead.ts': [{ operations: ['again', 'other'], roles: SIDES }],
  'lib/cage/cgroup': [{ ...IN_CGROUPS, roles: SIDES }],
  'lib/cage/oom-reporter.ts': [{ operations: ['oom'], roles: SIDES }],
  'lib/cage/polled-cage.ts': [],
  'lib/cage/polled-group.ts': [],
  'lib/cage/root': [{ roles: ['parent', 'guardian'], subject: /memcage-(detached-)?\d+-[0-9a-f]+$/ }],
  'lib/cage/watched-threshold': [{ operations: ['events'], roles: SIDES }],
  'lib/cage/usage-thresholds.ts': [{ operations: ['events'], roles: SIDES }],
  'lib/cgroup': [{ ...IN_CGROUPS, roles: SIDES }],
  'lib/cgroup/containers': [],
  'lib/cgroup/events': [{ operations: ['events', 'oom'], roles: SIDES }],
  'lib/cgroup/handle': [{ operations: ['cgroup', 'remove', 'freeze', 'limits'], roles: SIDES }],
  'lib/cgroup/hierarchy': [{ ...PARENT, subject: /mountinfo$|\/proc\/[^/]+\/cgroup$|^\/sys\/fs\/cgroup\// }],
  'lib/cgroup/limits': [
    { roles: SIDES, subject: /\.(limit_in_bytes|max|high|low|min|cfs_\w+)$/ },
    { operations: ['limits'] },
  ],
  'lib/cgroup/processes': [{ operations: ['close', 'kill', 'freeze', 'cgroup', 'detached'], roles: SIDES }],
  'lib/cgroup/watching': [],
  'lib/start/child': [{ roles: ['parent', 'watcher', 'child'] }],
  'lib/process/settings': [{ operations: ['settings', 'user'] }],
  'lib/start/launch/clone-into.ts': [STARTS],
  'lib/start/request/gate.ts': [{ operations: ['gate'] }],
  'lib/start/child/held-child.ts': [STARTS],
  'lib/start/child/polled-child.ts': [],
  'lib/start/launch': [{ roles: ['parent', 'watcher', 'child'] }],
  'lib/start/refusals': [{ roles: ['parent', 'child'] }],
  'lib/start/refusals/root': [{ operations: ['root'] }],
  'lib/cage/contract': [],
  'lib/cage/root/collect-garbage.ts': [{ ...PARENT, operations: ['garbage', 'collect'] }],
  'lib/cage/root/find-cage.ts': [{ ...PARENT, operations: ['list'] }],
  'lib/cage/root/list-cages.ts': [{ ...PARENT, operations: ['list'] }],
  'lib/cage/root/own-directories.ts': [{ ...PARENT, operations: ['list', 'garbage', 'collect'] }],
  'lib/process/launcher': [{ operations: ['launcher', 'launcher-init', 'init', 'root', 'gate'] }],
  'lib/cgroup/processes/guardian.ts': GUARDIAN,
  'lib/common/machine': [{ ...PARENT, subject: IN_PROC }],
  'lib/process/namespaces': [{ operations: ['namespaces', 'init', 'mapped', 'launcher-init'] }],
  'lib/cage/oom': [
    { operations: ['oom'], roles: SIDES },
    { roles: SIDES, subject: /memory\.(oom_control|events|oom\.group)|vmstat$|kmsg$/ },
  ],
  'lib/cgroup/placement': [{ ...PARENT, operations: ['create', 'spawn'] }],
  'lib/cage/polling': [],
  'lib/cage/evidence': [],
  'lib/process': [{ ...PARENT, operations: ['spawn', 'fork', 'exec', 'execFile', 'run', 'contain', 'gate', 'kill'] }],
  'lib/start/request': [PARENT],
  'lib/process/own': [],
  'lib/process/root': [{ operations: ['root'] }],
  'lib/start/sync': [{ operations: ['sync', 'execFileSync'] }],
  'lib/jobs/warm-pool': [{ operations: ['pool'] }],
};

/** Whether a call is one of those that a change of these paths of the repository may make different. */
export function touches(changed: readonly string[]): (site: Site) => boolean {
  const calls = callsOf(changed);
  return ({ operation, point }) =>
    calls.some(
      ({ roles, operations, call, subject }) =>
        roles?.includes(point.role) !== false &&
        operations?.includes(operation) !== false &&
        call?.test(point.call) !== false &&
        subject?.test(point.subject) !== false,
    );
}

/** Whether a change of these paths is about an operation by its name, or by a role that few have. The rest is in any operation. */
export function isAbout(changed: readonly string[]): (operation: string) => boolean {
  const named = callsOf(changed).flatMap(
    ({ roles = [], operations }) =>
      operations ?? (roles.every((role) => role in RARE) ? roles : []).flatMap((role) => RARE[role] ?? []),
  );
  return (operation) => named.includes(operation);
}

const callsOf = (changed: readonly string[]): readonly Calls[] =>
  changed.flatMap((path) => EXERCISED[lineOf(path)] ?? []);

/** The longest key with which the path begins. A key may be the beginning of the names of several files: root.cc, root_dev.cc. */
function lineOf(path: string): string {
  const keys = Object.keys(EXERCISED).filter(
    (key) => path.startsWith(key) && /^($|[/._-])/.test(path.slice(key.length)),
  );
  return keys.sort((a, b) => b.length - a.length)[0] ?? '';
}

/** The lines of the file that MEMCAGE_TEST_CHANGED names. In the environment itself, they would make every start heavier. */
export function changedPaths(): string[] {
  const list = process.env['MEMCAGE_TEST_CHANGED'];
  return list === undefined
    ? []
    : readFileSync(list, 'utf8')
        .split('\n')
        .filter((path) => path !== '');
}
