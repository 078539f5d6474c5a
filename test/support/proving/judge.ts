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
 * A list of cages passes over what is gone, what this process may not look at, and what has too long a path (isPassedOver() in
 * lib/cgroup/directory/walk.ts), and what has threads alone.
 */
const PASSED_OVER: readonly string[] = [
  ...['ENOENT', 'ENODEV', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'EOPNOTSUPP'],
];
/** A list of processes passes over zombies, too (lib/common/machine/proc.ts). */
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
    ...(isToldGone || isAsSound(said.second, sound.said?.second, fault)
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
    .filter(({ program, cgroups }) => !program.includes('memcage-exec') && !isCaged(cgroups))
    .map(({ program, cgroups }) => ({ wrong: 'uncaged', what: `${program} in ${cgroups.join(' ')}` }));
}

/** Whether it is in a cage, and not only in the cage root, which has no limit. */
function isCaged(cgroups: readonly string[]): boolean {
  return /\/memcage-(\d+-[0-9a-f]+\/|detached-\d+-[0-9a-f]+)/.test(memoryCgroup(cgroups));
}

/** Of the lines of /proc/PID/cgroup, that of memory: of the v1 hierarchy that has it, or else of v2. */
export function memoryCgroup(lines: readonly string[]): string {
  const v1 = lines.find((line) => /^\d+:([^:]*,)?memory(,[^:]*)?:/.test(line));
  return v1 ?? lines.find((line) => line.startsWith('0::')) ?? '';
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
  [/(^|\/)memory\.(peak|max_usage_in_bytes)$/, { hasPeak: false }],
  [/(^|\/)memory\.(swap\.max|memsw\.limit_in_bytes)$/, { swapLimited: false }],
];

function withoutFile({ subject }: Fault['point'], errno: Fault['errno']): object | undefined {
  // A cgroup that is gone has no peak to be read.
  if (errno === 'ENODEV' || errno === 'ENOTDIR') return { hasPeak: false };
  if (errno !== 'ENOENT' && errno !== 'EOPNOTSUPP') return undefined;
  return WITHOUT.find(([file]) => file.test(subject))?.[1];
}

/** Whether it is the same, or lacks only what the kernel says that it has no file for: a cage may be used again. */
function isAsSound(told: Attempt | undefined, sound: Attempt | undefined, { point, errno }: Fault): boolean {
  if (isDeepStrictEqual(told, sound)) return true;
  const without = withoutFile(point, errno);
  return (
    without !== undefined && isDeepStrictEqual(told, { ...sound, result: { ...asObject(sound?.result), ...without } })
  );
}

function judgeFirst(first: Attempt, sound: Attempt | undefined, { operation, point, errno }: Fault): Finding[] {
  if (first.error === undefined) {
    if (isAsSound(first, sound, { operation, point, errno })) return [];
    if (isShortened(first.result, sound?.result, { operation, point, errno })) return [];
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

/** By which a list looks at what it lists. */
const LOOKS: readonly string[] = ['openat', 'openat2', 'fcntl', 'getdents64', 'newfstatat', 'read'];

/** Whether what could not be looked at is missing from what an operation lists, and nothing else is different. */
function isShortened(result: unknown, sound: unknown, { operation, point, errno }: Fault): boolean {
  if (!Array.isArray(result) || !Array.isArray(sound) || point.role !== 'parent' || !LOOKS.includes(point.call)) {
    return false;
  }
  if (operation === 'list') {
    // JSON's null is no limit: that is what a kernel without such a file has.
    const isLimit = /\/memory\.(max|limit_in_bytes)$/.test(point.subject) && ['ENOENT', 'EOPNOTSUPP'].includes(errno);
    const listed = isLimit ? result.filter((limit) => limit !== null) : result;
    return PASSED_OVER.includes(errno) && result.length <= sound.length && isPartOf(listed, sound);
  }
  // It returns how many processes it has listed, as the last one.
  if (operation !== 'cgroup' || !/^\/proc\/\d+\/status$/.test(point.subject) || !UNSEEN.includes(errno)) return false;
  return isDeepStrictEqual(result, [...sound.slice(0, -1), (sound.at(-1) as number) - 1]);
}

/** Whether all of it is in the other one, in the same order. */
function isPartOf(part: readonly unknown[], whole: readonly unknown[]): boolean {
  let found = 0;
  for (const one of whole) if (found < part.length && isDeepStrictEqual(one, part[found])) found += 1;
  return found === part.length;
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
