import { becomeInit } from '../../../machine';
import { COMMAND_EXIT_CODES } from '../command';
import { defineCommand } from '../define-command';

export const init = defineCommand({
  name: 'init',
  synopsis: '[--] COMMAND [ARG]...',
  summary: 'the entry point of a container: make room for cages, then be the init of a command',
  details: [
    'For the entry point of a container, or ExecStart= of a systemd unit with Delegate=yes. On cgroup v2 it moves all ' +
      'processes of the container or unit into a cgroup below, and enables the memory controller, so that programs in ' +
      'there can make cages. Then it becomes a small init that runs COMMAND: it reaps orphans, passes signals on, and ends ' +
      'as COMMAND ends. It can be started by another init, npm or a shell. COMMAND has no cage of its own.',
    'If no cages could be made, it does not run COMMAND, and says what to change.',
  ],
  operands: { name: 'command', least: 1, endOptions: true, suggest: 'command' },
  options: {},
  exitCodes: COMMAND_EXIT_CODES,
  examples: [
    ['memcage init -- node server.js', 'the command of a Dockerfile, or of ExecStart='],
    ["memcage init -- sh -c 'migrate && exec node server.js'", 'several programs, one after the other'],
  ],
  run: (_, [file = '', ...args]) => becomeInit(file, args),
});
