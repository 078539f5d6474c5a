import type { Diagnosis, Finding } from '../../../types/diagnosis';
import { describeCandidate } from '../../cgroup/parent/describe';
import { diagnose } from '../../doctor/diagnose';
import { defineCommand, FAILED_TEXT } from '../command';
import { toJson } from '../json';
import { NO_OPERANDS } from '../parse';

export const doctor = defineCommand({
  name: 'doctor',
  synopsis: '',
  summary: 'tell whether cages work here, and what is in the way',
  details: [
    'What this machine has for cages, line by line, and the cure for what it lacks. Runs the main job once: a child in ' +
      'namespaces of its own under a limit of 64 MiB.',
  ],
  operands: NO_OPERANDS,
  options: {
    json: { type: 'boolean', help: 'print it as JSON' },
  },
  exitCodes: [['0', 'cages work here'], ['1', 'they do not'], FAILED_TEXT],
  examples: [['memcage doctor', 'what there is, for people']],
  async run({ json }) {
    const diagnosis = await diagnose({ trial: true });
    process.stdout.write(json === true ? toJson(diagnosis) : render(diagnosis));
    return diagnosis.works ? 0 : 1;
  },
});

/** One line each, with the cure below, and the places for cages below `parent`. */
function render({ works, findings, parents }: Diagnosis): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 11);
  const lines = findings.flatMap((finding) => [
    line(finding, width),
    ...(finding.cure === undefined ? [] : [`${indent}cure: ${finding.cure}`]),
    ...(finding.name === 'parent' ? parents.map((candidate) => `${indent}- ${describeCandidate(candidate)}`) : []),
  ]);
  const verdict = works ? 'Cages work here.' : 'Cages do not work here.';
  return `${[...lines, '', verdict].join('\n')}\n`;
}

function line({ name, state, detail }: Finding, width: number): string {
  return `${state.padEnd(8)} ${name.padEnd(width)}  ${detail}`;
}
