import { diagnose } from '../../../../machine';
import { FAILED_TEXT, flag } from '../../command';
import { defineCommand } from '../../define-command';
import { NO_OPERANDS } from '../../parse-words';
import { toJson } from '../../text/output';
import { colorsOf, columnsOf } from '../../text/style';
import { reportOf } from './report';

export const doctor = defineCommand({
  name: 'doctor',
  synopsis: '',
  summary: 'check whether cages work here, and what prevents them',
  details: [
    'Runs the main job once: a child in namespaces of its own under a limit of 64 MiB. Then it tries each limit beside ' +
      'memory. The first line says whether cages work here. Below it is what does not work, each cure once, and where ' +
      'cages are made.',
  ],
  operands: NO_OPERANDS,
  options: {
    all: flag('print everything that was looked at'),
    json: flag('print everything as JSON'),
  },
  exitCodes: [['0', 'cages work here'], ['1', 'they do not'], FAILED_TEXT],
  examples: [
    ['memcage doctor', 'whether cages work, and the cure if not'],
    ['memcage doctor --all', 'everything, for a bug report'],
  ],
  async run({ all = false, json }) {
    const diagnosis = await diagnose({ trial: true });
    const report = { all, colors: colorsOf(process.stdout), columns: columnsOf(process.stdout) };
    process.stdout.write(json === true ? toJson(diagnosis) : reportOf(diagnosis, report));
    return diagnosis.works ? 0 : 1;
  },
});
