import { printable } from '../../../index';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { killAllIn, processes } from '../kill-all';
import { findTarget, oneTarget, TARGET } from '../target';
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
    const pids = await killAllIn(cgroup, { anyCgroup: anyCgroup === true, dryRun: dryRun === true });
    const { path } = cgroup;
    const done = dryRun === true ? 'would kill' : 'killed';
    const text = `${done} ${processes(pids)} in ${printable(path)}\n`;
    process.stdout.write(json === true ? toJson({ path, [dryRun === true ? 'wouldKill' : 'killed']: pids }) : text);
    return 0;
  },
});
