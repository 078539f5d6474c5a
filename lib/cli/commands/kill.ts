import { defineCommand, FAILED_TEXT } from '../command';
import { toJson } from '../json';
import { findTarget, oneTarget, TARGET } from '../target';

export const kill = defineCommand({
  name: 'kill',
  synopsis: TARGET,
  summary: 'kill all processes in a cgroup',
  details: [
    'SIGKILL for all processes in a cgroup and in those below it, until none is left. Not for that in which the command ' +
      'itself is.',
  ],
  operands: oneTarget(1),
  options: {
    json: { type: 'boolean', help: 'print what was done as JSON' },
  },
  exitCodes: [['0', 'no process is left'], FAILED_TEXT],
  examples: [
    ['memcage kill 4711', 'all that is in the cgroup of process 4711'],
    ['memcage kill 0123456789ab', 'all processes of a container'],
  ],
  async run({ json }, [target]) {
    using cgroup = findTarget(target);
    const pids = cgroup.procs();
    // Nobody would be left to say what became of it; and the shell that asked is most likely there too.
    if (pids.includes(process.pid)) throw new Error(`${cgroup.path} is the cgroup of this very command, or above it`);
    await cgroup.kill();
    const { path } = cgroup;
    const killed = `killed ${pids.length === 1 ? '1 process' : `${pids.length} processes`} in ${path}\n`;
    process.stdout.write(json === true ? toJson({ path, killed: pids }) : killed);
    return 0;
  },
});
