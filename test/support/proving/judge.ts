import { constants } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { namesCall } from './call-names';
import type { Fault } from './faults';
import type { Attempt, Operated, Told } from './operate';

/** What must never come of a fault. */
export type Wrong = 'crash' | 'hang' | 'uncaged' | 'leak' | 'false' | 'partial' | 'spoiled';

export interface Finding {
  wrong: Wrong;
  what: string;
}

const { errno: ERRNO } = constants;
/** From here on a shell's status is a signal. */
const SIGNALLED = 128;
const TIMED_OUT = 124;

/**
 * A list passes over what is gone, what this process may not look at, and what has too long a path (isPassedOver() in
 * lib/cgroup/directory/walk.ts), and what has threads alone.
 */
const PASSED_OVER: readonly string[] = [
  ...['ENOENT', 'ENODEV', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'EOPNOTSUPP'],
];
/** A list of processes passes over zombies, too (lib/machine/proc-file.ts). */
const UNSEEN: readonly string[] = ['ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM'];

/** Judges a run of an operation with one fault by the same without any. */
export function judge(run: Operated, sound: Operated, fault: Fault): Finding[] {
  const { said } = run;
  if (run.status === TIMED_OUT) return [{ wrong: 'hang', what: run.hung.join('; ') }, ...uncaged(run)];
  if (said === undefined || run.status !== 0) {
    const signal = run.status > SIGNALLED ? `signal ${run.status - SIGNALLED}` : `status ${run.status}`;
    return [{ wrong: 'crash', what: `${signal}: ${run.stderr.slice(0, 2000)}` }, ...uncaged(run), ...left(run)];
  }
  // Nobody removes what the kernel says is gone.
  const isToldGone = isToldOfRemoval(fault);
  return [
    ...said.stray.map((error): Finding => ({ wrong: 'crash', what: `nobody could catch ${describe(error)}` })),
    ...uncaged(run),
    ...left(isToldGone ? { ...run, remains: [] } : run),
    ...held(run, sound, fault),
    ...(run.hits.length === 0 ? [] : judgeFirst(said.first, sound.said?.first, fault)),
    ...(isToldGone || isDeepStrictEqual(said.second, sound.said?.second)
      ? []
      : [{ wrong: 'spoiled' as const, what: `the next one: ${JSON.stringify(said.second)}` }]),
  ];
}

/**
 * Who removes a cgroup, or looks whether it is still there, is told that it is not. In the other operations it is below a cage
 * root, and removed with that.
 */
function isToldOfRemoval({ operation, point: { call, subject }, errno }: Fault): boolean {
  if (errno !== 'ENOENT' && errno !== 'ENODEV') return false;
  if (operation === 'remove') return call === 'rmdir' || call === 'unlinkat' || subject === 'cgroup.procs';
  return operation === 'detached' && call === 'rmdir';
}

/** A program that memcage has started outside of any cage. */
export function uncaged({ executions }: Operated): Finding[] {
  return executions
    .filter(({ program, cgroups }) => !program.includes('memcage-exec') && !cgroups.some(isCage))
    .map(({ program, cgroups }) => ({ wrong: 'uncaged', what: `${program} in ${cgroups.join(' ')}` }));
}

/** A line of /proc/PID/cgroup: the hierarchy with the memory controller, and a directory of memcage's. */
function isCage(line: string): boolean {
  return /^\d+:(.*\bmemory\b.*)?:.*\/memcage-(detached-)?\d+-[0-9a-f]+/.test(line);
}

/** What outlives the process. */
export function left({ left: processes, remains }: Operated): Finding[] {
  return [...processes.map((line) => `process ${line}`), ...remains].map((what) => ({ wrong: 'leak', what }));
}

/** What the process still holds. */
function held({ said }: Operated, sound: Operated, { point }: Fault): Finding[] {
  // The kernel says ECHILD where another one has reaped the child. Here nobody has.
  const children = /^wait/.test(point.call) ? [] : (said?.children ?? []);
  const usual = [...(sound.said?.fds ?? [])];
  const fds = (said?.fds ?? []).filter((fd) => {
    const at = usual.indexOf(fd);
    if (at !== -1) usual.splice(at, 1);
    return at === -1;
  });
  const all = [...children.map((child) => `child ${child}`), ...fds.map((fd) => `fd ${fd}`)];
  return all.map((what) => ({ wrong: 'leak', what }));
}

/** What a result says where the kernel says that there is no such file. */
const WITHOUT: readonly (readonly [RegExp, object])[] = [
  [/\/memory\.(peak|max_usage_in_bytes)$/, { hasPeak: false }],
  [/\/memory\.(swap\.max|memsw\.limit_in_bytes)$/, { swapLimited: false }],
];

function withoutFile({ subject }: Fault['point'], errno: Fault['errno']): object | undefined {
  // A cgroup that is gone has no peak to be read.
  if (errno === 'ENODEV') return { hasPeak: false };
  if (errno !== 'ENOENT' && errno !== 'EOPNOTSUPP') return undefined;
  return WITHOUT.find(([file]) => file.test(subject))?.[1];
}

function judgeFirst(first: Attempt, sound: Attempt | undefined, { operation, point, errno }: Fault): Finding[] {
  if (first.error === undefined) {
    if (isDeepStrictEqual(first, sound)) return [];
    if (passedOver(operation, point).includes(errno)) return [];
    const without = withoutFile(point, errno);
    if (without !== undefined && isDeepStrictEqual(first.result, { ...asObject(sound?.result), ...without })) return [];
    return [{ wrong: 'partial', what: `${JSON.stringify(first.result)} instead of ${JSON.stringify(sound?.result)}` }];
  }
  const all = withRelated(first.error);
  if (all.some((error) => error.errno === -ERRNO[errno] && namesCall(error, point))) return [];
  // What the kernel says it does not support is an error that says the same, of the file that it is missing.
  if (errno === 'EOPNOTSUPP' && all.some((error) => error.code === 'ERR_MEMCAGE_UNSUPPORTED')) return [];
  // pthread_create(3) has no other error.
  const isThread = point.call === 'clone3' && errno === 'ENOMEM';
  if (isThread && all.some((error) => error.code === 'EAGAIN' && error.syscall === 'pthread_create')) return [];
  // A guardian that can't answer can't say why, either: what is true is that nobody is there.
  const isUnanswered = point.role === 'guardian' && point.call === 'sendto';
  if (isUnanswered && all.some((error) => error.errno === -ERRNO.ESRCH && error.syscall === 'recvfrom')) return [];
  return [{ wrong: 'false', what: all.map(describe).join(' <- ') }];
}

/** What shortens the result of an operation that lists something. */
function passedOver(operation: string, { subject }: Fault['point']): readonly string[] {
  if (operation === 'list') return PASSED_OVER;
  return operation === 'cgroup' && /^\/proc\/\d+\/status$/.test(subject) ? UNSEEN : [];
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function withRelated(error: Told): Told[] {
  return [error, ...(error.related ?? []).flatMap(withRelated)];
}

function describe({ message, code, errno, syscall, stage }: Told): string {
  return `${code ?? 'no code'} ${errno ?? 'no errno'} ${syscall ?? 'no call'} ${stage ?? ''} "${message}"`;
}
