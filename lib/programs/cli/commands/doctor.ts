import { describeCandidate } from '../../../cgroup/placement/candidates';
import { printable } from '../../../common/text/names';
import { type Diagnosis, diagnose, type Finding, type FindingState } from '../../../machine';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { NO_OPERANDS } from '../parse-words';
import { toJson } from '../text/output';
import { type Colors, colorsOf } from '../text/style';
import { wrap } from '../text/text-width';

const STATE_WIDTH = 8;

/** Narrower text is left to the terminal to wrap. */
const LEAST_TEXT = 30;

export const doctor = defineCommand({
  name: 'doctor',
  synopsis: '',
  summary: 'check whether cages work here, and what prevents them',
  details: [
    'Says line by line what this machine has for cages, and the cure for what it lacks. Runs the main job ' +
      'once: a child in namespaces of its own under a limit of 64 MiB. Then it tries each limit beside memory.',
  ],
  operands: NO_OPERANDS,
  options: {
    json: flag('print it as JSON'),
  },
  exitCodes: [['0', 'cages work here'], ['1', 'they do not'], FAILED_TEXT],
  examples: [['memcage doctor', 'what there is, for people']],
  async run({ json }) {
    const diagnosis = await diagnose({ trial: true });
    process.stdout.write(json === true ? toJson(diagnosis) : render(diagnosis));
    return diagnosis.works ? 0 : 1;
  },
});

/** One entry for each finding, with its cure below it. The finding `parent` also has the candidates below it. */
function render({ works, findings, parents }: Diagnosis): string {
  const colors = colorsOf(process.stdout);
  const joined = joinAlike(findings);
  const nameWidth = Math.max(...joined.map(({ name }) => name.length));
  const indent = STATE_WIDTH + nameWidth + 3;
  // In a file or pipe, each text stays on one line.
  const columns = process.stdout.isTTY
    ? Math.max(process.stdout.columns, indent + LEAST_TEXT)
    : Number.POSITIVE_INFINITY;
  const hang = (text: string): string => wrap(printable(text), columns - indent).join(`\n${' '.repeat(indent)}`);
  const lines = joined.flatMap(({ name, state, detail, cure }) => [
    `${stateIn(state, colors)} ${colors.bold(name.padEnd(nameWidth))}  ${hang(detail)}`,
    ...(cure === null ? [] : [`${' '.repeat(indent)}${hang(`cure: ${cure}`)}`]),
    ...(name === 'parent' ? parents.map((each) => `${' '.repeat(indent)}${hang(`- ${describeCandidate(each)}`)}`) : []),
  ]);
  const without = findings.flatMap(({ name, state }) => {
    const { what, kind } = KIND.exec(name)?.groups ?? {};
    return state === 'ok' || what !== 'limit' || kind === undefined ? [] : [kind];
  });
  const lacking = without.length === 0 ? '' : colors.yellow(` Without the limits ${without.join(', ')}.`);
  const conclusion = works ? `${colors.green('Cages work here.')}${lacking}` : colors.red('Cages do not work here.');
  return `${[...lines, '', conclusion].join('\n')}\n`;
}

function stateIn(state: FindingState, { green, yellow, red }: Colors): string {
  const paint = { ok: green, limited: yellow, missing: red }[state];
  return `${paint(state)}${' '.repeat(STATE_WIDTH - state.length)}`;
}

/** The name of a finding that there is for several kinds: `namespace.pid`, `limit.cpu.set`. */
const KIND = /^(?<what>\w+)\.(?<kind>.*)$/;

/** Joins consecutive findings of a kind that say the same. */
function joinAlike(findings: readonly Finding[]): Finding[] {
  const groups: { what: string | undefined; kinds: string[]; finding: Finding }[] = [];
  for (const finding of findings) {
    const { what, kind } = KIND.exec(finding.name)?.groups ?? {};
    const last = groups.at(-1);
    const isSame = last !== undefined && last.what === what && saysTheSame(last.finding, finding);
    if (kind !== undefined && isSame) last.kinds.push(kind);
    else groups.push({ what, kinds: kind === undefined ? [] : [kind], finding });
  }
  return groups.map(({ what, kinds, finding }) =>
    what === undefined ? finding : { ...finding, name: `${what}s`, detail: `${kinds.join(', ')}: ${finding.detail}` },
  );
}

function saysTheSame(one: Finding, other: Finding): boolean {
  return one.state === other.state && one.detail === other.detail && one.cure === other.cure;
}
