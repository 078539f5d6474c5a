// The plan as people read it.
import { GROUPS, STEPS } from '../steps/table.mjs';

const WHEN = new Map([...STEPS, ...GROUPS].map(({ name, when }) => [name, when]));
/** So many of what would bring in what is out are named. */
const NAMED = 3;

export function planLines({ steps, leftOut, tests }, { files, unknown }) {
  const head =
    files === undefined
      ? `Everything runs: ${unknown}.`
      : `${files.length} files differ from the commit that landed last.`;
  const width = Math.max(...steps.map(({ name }) => name.length));
  return [
    head,
    ...steps.map(
      ({ name, why }) => `  ${why === undefined ? 'out' : 'in '}  ${name.padEnd(width)}  ${why ?? whyNot(name)}`,
    ),
    `Tests: ${tests.host.length} files on the host, ${tests.v2.length} on cgroup v2, ${tests.swap.length} on v1 with swap.`,
    ...leftOut.map((name) => `Not on the host: ${name}: ${whyNot(name)}.`),
  ];
}

function whyNot(name) {
  const when = WHEN.get(name);
  const others = when.length - NAMED;
  return `no change of ${when.slice(0, NAMED).join(', ')}${others > 0 ? `, nor of ${others} more` : ''}`;
}
