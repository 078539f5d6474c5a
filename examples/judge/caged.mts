import { type MemoryReport, type RunResult, run } from 'memcage';
import type { Limits } from './limits.mts';
import { rootWith, type Seen } from './roots.mts';

/** Root gives each run a user of its own. Others can't, and a user namespace has to do. */
export const isRoot = process.getuid?.() === 0;
const UIDS = { first: 100_000, count: 1_000_000 };
// So that another judge that runs at the same time begins with other uids.
let runs = process.pid * 100;
const used = new Set<number>();

/** Whether a program has run as this user. Without root, all have run as you. */
export const hasRun = (uid: number): boolean => used.has(uid);

interface Caged {
  limits: Limits;
  /** What it sees of this machine. */
  seen: readonly Seen[];
  input?: string;
}

/** Runs a program that nobody trusts. Rejects as `run()` does, unless the program ends well. */
export function runCaged(
  [file = '', ...args]: string[],
  { limits, seen, input = '' }: Caged,
): Promise<RunResult<'buffer', MemoryReport>> {
  const uid = UIDS.first + (runs++ % UIDS.count);
  if (isRoot) used.add(uid);
  return run(file, args, {
    ...(isRoot ? { uid, gid: uid } : {}),
    input,
    encoding: 'buffer',
    env: { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' },
    // What all of its processes use together.
    memory: limits.memory,
    pids: limits.pids,
    cpu: 1,
    cpuTimeMs: limits.cpuTimeMs,
    stall: { limitMs: limits.stallMs, action: 'kill' },
    timeout: limits.timeoutMs,
    maxBuffer: limits.outputBytes,
    // What each of them may use.
    rlimits: { core: 0, fsize: limits.file, nofile: 64, stack: '8M', memlock: 0, msgqueue: 0 },
    // If the machine runs out of memory, they go first.
    oomScoreAdj: 1000,
    // What they see.
    root: rootWith(seen, limits.room),
    cwd: '/tmp',
    namespaces: {
      ...{ pid: { init: true }, net: true, ipc: true, cgroup: true, uts: { hostname: 'judge' } },
      // As root in there, the init may take from the program what it must not have.
      ...(isRoot ? {} : { user: { uid: 0, gid: 0 } }),
    },
    // What they may ask of the kernel.
    privileges: { noNewPrivileges: true, capabilities: [], seccomp: 'default' },
  });
}
