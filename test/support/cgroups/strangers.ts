import { type ChildProcessWithoutNullStreams, spawn as nodeSpawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run } from 'memcage';
import { said } from '../cage-kinds';
import { expectNothingLeft } from '../nothing-left';
import { until } from '../until';
import { enableMemory, makeCgroup, members, removeTree, version } from './cgroup-tree';
import { keepsSoftLimit } from './soft-limit';

/** A limit that works here besides `max`, and one that this version lacks. */
export const [other, foreign] =
  version === 2 ? (['high', 'soft'] as const) : ([keepsSoftLimit() ? 'soft' : 'swap', 'high'] as const);

export interface Strangers {
  /** Makes a cgroup. */
  make(limit?: string): string;
  /** Makes a cgroup with cgroups below it that have limits. */
  makeParent(): string;
  /** Starts a process in a cgroup. It is ready once it has said "done". */
  inhabit(path: string, command?: string): Promise<number>;
  /** Starts a process outside of them that holds its stdin open. It is ready once it has said "done". */
  start(file: string, args: string[]): Promise<number>;
}

/** Cgroups and processes that are not memcage's, removed after each test. Call it in the outermost describe. */
export function strangers(): Strangers {
  let made: string[] = [];
  let processes: ChildProcessWithoutNullStreams[] = [];

  afterEach(async () => {
    for (const child of processes) {
      child.kill('SIGKILL');
      await until('ended', () => child.exitCode !== null || child.signalCode !== null);
    }
    for (const path of made) {
      await until('empty', () => !existsSync(path) || members(path).length === 0);
      removeTree(path);
    }
    processes = [];
    made = [];
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const make = (limit?: string): string => {
    const { path } = makeCgroup(limit);
    made.push(path);
    return path;
  };
  const start = async (file: string, args: string[]): Promise<number> => {
    const child = nodeSpawn(file, args);
    processes.push(child);
    await said(child, 'done');
    return child.pid ?? 0;
  };
  return {
    make,
    makeParent() {
      const path = make();
      if (version === 2) enableMemory(path);
      return path;
    },
    inhabit: (path, command = ':') =>
      start('sh', ['-c', `echo 0 >"$0/cgroup.procs"; ${command}; echo done; read -r _`, path]),
    start,
  };
}
