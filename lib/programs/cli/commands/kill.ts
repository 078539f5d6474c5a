import { dirname } from 'node:path';
import { containerOf } from '../../../cgroup';
import { printable } from '../../../common/text/names';
import type { Cgroup } from '../../../index';
import { cageOf } from '../../../machine';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { findTarget, namingCages, oneTarget, rootPaths, SHOWN, TARGET } from '../target';
import { toJson } from '../text/output';

export const kill = defineCommand({
  name: 'kill',
  synopsis: TARGET,
  summary: 'kill all processes in a cage, or a container',
  details: [
    'Sends SIGKILL to all processes in a cage or a container, or in a cgroup inside one, and in those below ' +
      'it, until none is left. Refuses any other cgroup (of a session or a service, for example) without ' +
      '--cgroup, and always the root and the cgroup that this command runs in.',
  ],
  operands: oneTarget(1),
  options: {
    cgroup: flag('also where it is neither a cage nor a container'),
    'dry-run': flag('only say what would be killed', { short: 'n' }),
    json: flag('print what was done as JSON'),
  },
  exitCodes: [['0', 'no process is left, or nothing was to be done'], FAILED_TEXT],
  examples: [
    ['memcage kill 4711', 'all that is in the cage of process 4711'],
    ['memcage kill --dry-run 0123456789ab', 'what would be killed: all processes of a container'],
    ['memcage kill --cgroup /sys/fs/cgroup/system.slice/my.service', 'all that is in this cgroup, whatever it is'],
  ],
  async run({ cgroup: anyCgroup, 'dry-run': dryRun, json }, [target]) {
    using cgroup = findTarget(target);
    const options = { anyCgroup: anyCgroup === true, dryRun: dryRun === true };
    const pids = await killAllIn(cgroup, options).catch((error: unknown) => {
      throw namingCages(error, target);
    });
    const { path } = cgroup;
    const done = dryRun === true ? 'would kill' : 'killed';
    const text = `${done} ${processes(pids)} in ${printable(path)}\n`;
    process.stdout.write(json === true ? toJson({ path, [dryRun === true ? 'wouldKill' : 'killed']: pids }) : text);
    return 0;
  },
});

export interface KillOptions {
  /** Allow cgroups that are neither a cage nor a container. */
  anyCgroup?: boolean;
  dryRun?: boolean;
}

/** Kills all processes in a cgroup, and returns their pids. If that is hardly what was meant, throws and kills none. */
export async function killAllIn(
  cgroup: Cgroup,
  { anyCgroup = false, dryRun = false }: KillOptions = {},
): Promise<number[]> {
  const pids = cgroup.pids();
  refuse(cgroup, pids, anyCgroup);
  if (!dryRun) await cgroup.kill();
  return pids;
}

function refuse(cgroup: Cgroup, pids: readonly number[], anyCgroup: boolean): void {
  const why = whyNoKill(cgroup, pids);
  if (why === undefined || (anyCgroup && why === NO_CAGE)) return;
  const { path } = cgroup;
  const other = `: to kill the ${processes(pids)} in it, run memcage kill --cgroup '${path}'`;
  const cure = why === NO_CAGE ? other : `. Cure: name ${SHOWN}`;
  throw new Error(`${path} ${why}${cure}`);
}

const NO_CAGE = 'is neither a cage nor a container';

/** Why all processes in a cgroup are not killed, to be said of it; undefined if they are. */
export function whyNoKill({ path }: Pick<Cgroup, 'path'>, pids: readonly number[]): string | undefined {
  // No process would be left to report the result, and the shell of the user is most likely in there too.
  if (pids.includes(process.pid)) return 'is the cgroup of this very command, or above it';
  if (rootPaths().includes(path)) return 'is the root of all cgroups';
  return cageOf(path) !== null || isInContainer(path) ? undefined : NO_CAGE;
}

/** A virtual machine does not count, but a container around it does. */
function isInContainer(path: string): boolean {
  const found = containerOf(path);
  return found !== null && (found.kind !== 'machine' || isInContainer(dirname(found.path)));
}

export function processes({ length }: readonly number[]): string {
  return length === 1 ? '1 process' : `${length} processes`;
}
