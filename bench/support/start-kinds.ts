/**
 * Started by fork() with one of these words, and a number of MiB that it holds: `plain` never loads memcage, `caged` has caged one
 * child, `memcage` starts all others. For each message it starts children of one kind, one after another, and answers with their times.
 */
import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { holdBuffers } from './ballast';
import { type Sample, type Start, timeStart } from './interleave';

const PROGRAM = '/bin/true';
const QUIET = { stdio: 'ignore' } as const;
const MEMORY = { ...QUIET, memory: '100M' } as const;
/** BPF_RET with SECCOMP_RET_ALLOW, as struct sock_filter. */
const ALLOW_ALL = new Uint8Array(new Uint32Array([0x06, 0x7f_ff_00_00]).buffer);

export interface Asked {
  kind: string;
  count: number;
}

async function kindsOf(which: string): Promise<Record<string, Start>> {
  const plain = (): ReturnType<Start> => nodeSpawn(PROGRAM, [], QUIET);
  if (which === 'plain') return { plain };
  const { createBudget, createCage, run, spawn } = await import('memcage');
  if (which === 'caged') {
    await run(PROGRAM, { memory: '100M' });
    return { "Node's own, after the first cage": plain };
  }
  const cage = createCage({ memory: '100M' });
  const budget = createBudget({ memory: '200M' });
  const isRoot = process.geteuid?.() === 0;
  return {
    'private cage': () => spawn(PROGRAM, [], MEMORY),
    'private cage, three namespaces': () =>
      spawn(PROGRAM, [], { ...MEMORY, namespaces: { uts: true, mount: true, pid: true } }),
    'shared cage': () => cage.spawn(PROGRAM, [], QUIET),
    'job of a budget': () => budget.spawn(PROGRAM, [], MEMORY),
    'contain()': () => cage.contain(() => nodeSpawn(PROGRAM, [], QUIET)),
    ...(isRoot && { '`uid`, `gid`': () => spawn(PROGRAM, [], { ...MEMORY, uid: 65534, gid: 65534 }) }),
    'seccomp filter': () =>
      spawn(PROGRAM, [], { ...MEMORY, privileges: { noNewPrivileges: true, seccomp: ALLOW_ALL } }),
    ...(isRoot && { '`untrusted`': () => spawn(PROGRAM, [], { ...MEMORY, untrusted: true }) }),
    'time namespace': () => spawn(PROGRAM, [], { ...MEMORY, namespaces: { time: true } }),
  };
}

async function main(): Promise<void> {
  const [, , which = '', mib] = process.argv;
  const ballast = holdBuffers(Number(mib));
  const kinds = await kindsOf(which);
  for (const start of Object.values(kinds)) await timeStart(start);
  process.send?.(Object.keys(kinds));
  while (process.connected) {
    const [{ kind, count }] = (await once(process, 'message')) as [Asked];
    const samples: Sample[] = [];
    // The first pays for work that another kind has left.
    for (let i = 0; i <= count; i += 1) samples.push(await timeStart(kinds[kind] as Start));
    ballast.check();
    process.send?.(samples.slice(1));
  }
}

void main();
