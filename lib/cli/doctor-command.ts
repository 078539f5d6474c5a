import type { Diagnosis, Finding } from '../../types/diagnosis';
import { describeCandidate } from '../cgroup/parent/describe';
import { diagnose } from '../doctor/diagnose';

/** Runs the main job once to see whether it does. 0: it does. */
export async function doctorCommand({ json }: { json: boolean }): Promise<number> {
  const diagnosis = await diagnose({ trial: true });
  process.stdout.write(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : render(diagnosis));
  return diagnosis.works ? 0 : 1;
}

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
