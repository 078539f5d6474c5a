import { spawnSync } from 'node:child_process';
import { spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import type { Case, Row } from '../support/case';
import { interleave } from '../support/interleave';
import { PROGRAM, stock } from '../support/starts';

/** BPF_RET with SECCOMP_RET_ALLOW, as struct sock_filter. */
const ALLOW_ALL = new Uint8Array(new Uint32Array([0x06, 0x7f_ff_00_00]).buffer);
const MEMORY = { memory: '100M', stdio: 'ignore' } as const;
const CONTROLLERS = { ...MEMORY, pids: 64, cpu: 1.5 } as const;
const ALL = {
  ...CONTROLLERS,
  cpuTimeMs: 60_000,
  rlimits: { nofile: 256, core: 0, fsize: '1G' },
  oomScoreAdj: 500,
  nice: 1,
  privileges: { noNewPrivileges: true, capabilities: [], seccomp: ALLOW_ALL },
} as const;

const kinds = {
  stock,
  memory: () => spawn(PROGRAM, [], MEMORY),
  controllers: () => spawn(PROGRAM, [], CONTROLLERS),
  all: () => spawn(PROGRAM, [], ALL),
};

/** What limits beside memory, settings of the child and privileges cost. */
export const limits: Case = {
  name: 'limits',
  async run({ quick }) {
    if (Cgroup.self().version === 1) leaveRealTime();
    const count = quick ? 300 : 2000;
    const medians = await interleave(kinds, { count, warmUp: 300, pauseMs: 0, block: 10 });
    const { stock, memory, controllers, all } = medians;
    return [
      row('pids and cpu over memory alone', controllers.totalMs, memory.totalMs, 1.1),
      row('all limits, settings and privileges over memory alone', all.totalMs, memory.totalMs, 1.4),
      row('all limits, settings and privileges over stock spawn', all.totalMs, stock.totalMs, 0.9),
    ];
  },
};

/**
 * The cpu controller of v1 takes no process with a real-time policy, and children have that of this one. All kinds are
 * measured without it, so that they compare.
 */
function leaveRealTime(): void {
  const words = ['--all-tasks', '--other', '--pid', '0', `${process.pid}`];
  const { stderr, error } = spawnSync('chrt', words, { encoding: 'utf8' });
  if (error !== undefined || stderr !== '') throw error ?? new Error(stderr);
}

function row(measure: string, ours: number, theirs: number, bound: number): Row {
  const figure = ours / theirs;
  return { measure, value: `${figure.toFixed(3)} (${ours.toFixed(3)} ms / ${theirs.toFixed(3)} ms)`, figure, bound };
}
