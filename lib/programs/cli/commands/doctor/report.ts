import { describeCandidate, nameCandidate } from '../../../../cgroup/placement/candidates';
import { printable } from '../../../../common/text/names';
import { wrap } from '../../../../common/text/text-width';
import type { Diagnosis, Finding, FindingState } from '../../../../machine';
import type { Colors } from '../../text/style';
import { type Entry, joinAlike, KIND, withCuresOnce } from './entries';

const STATE_WIDTH = 8;

/** Narrower text is left to the terminal to wrap. */
const LEAST_TEXT = 30;

/** What cages need, or what whoever runs them should know. All else is missed by who asks for it, and the error says why then. */
const TOLD = /^(?:addon|cgroup|guardian|parent|swap|trial|user|polled|limit\..*|namespace\.(?:uts|mount|pid))$/;

function isTold({ name, state }: Finding): boolean {
  if (state === 'ok') return false;
  return TOLD.test(name) || (state === 'missing' && (name === 'kernel' || name === 'controllers'));
}

export interface ReportOptions {
  /** Also what works, and what nobody needs who does not ask for it. */
  all: boolean;
  colors: Colors;
  /** Infinity for a file or pipe, where each text stays on one line. */
  columns: number;
}

/** The first line is the verdict, and below it is what a person can do something about. */
export function reportOf(diagnosis: Diagnosis, options: ReportOptions): string {
  const { colors } = options;
  const verdict = colors.bold(diagnosis.works ? colors.green(verdictOf(diagnosis)) : colors.red(verdictOf(diagnosis)));
  if (options.all) return `${[verdict, '', ...linesOf(everything(diagnosis), options)].join('\n')}\n`;
  // Each place for cages says itself what is wrong with it.
  const places = new Set<string>(placesOf(diagnosis).map(({ source }) => source));
  const untold = diagnosis.findings.filter(
    (finding) => finding.state !== 'ok' && !isTold(finding) && !places.has(finding.name),
  );
  const names = joinAlike(untold.map((finding) => ({ ...finding, detail: '', cure: null }))).map(({ name, detail }) =>
    `${name} ${detail.replace(/: $/, '')}`.trim(),
  );
  const rest = names.length === 0 ? '' : `. Not listed: ${names.join('; ')}`;
  const parts = [linesOf(problemsOf(diagnosis), options), linesOf(goodOf(diagnosis), options)];
  const lines = parts.filter((part) => part.length > 0).flatMap((part) => ['', ...part]);
  return `${[verdict, ...lines, '', `memcage doctor --all prints everything that was looked at${rest}`].join('\n')}\n`;
}

function verdictOf({ works, findings, parents }: Diagnosis): string {
  if (works) {
    const lacking = findings.flatMap(({ name, state }) =>
      name.startsWith('limit.') && state !== 'ok' ? [name.slice('limit.'.length)] : [],
    );
    const without = lacking.length === 0 ? '' : `, but for the limits ${lacking.join(', ')}`;
    return `memcage works here${without}: ${detailOf(findings, 'trial')}`;
  }
  const needed = findings.find(
    ({ name, state }) => state === 'missing' && ['kernel', 'addon', 'cgroup'].includes(name),
  );
  const noPlace = parents.length > 0 && parents.every(({ refusal }) => refusal !== null);
  const why =
    needed?.detail ?? (noPlace ? 'there is no cgroup in which it may make cages' : detailOf(findings, 'trial'));
  return `memcage does not work here: ${printable(why)}`;
}

function detailOf(findings: readonly Finding[], name: string): string {
  return findings.find((each) => each.name === name)?.detail ?? '';
}

/** Where there is no place for cages, the places have the reasons. */
function placesOf({ findings, parents }: Diagnosis): Diagnosis['parents'] {
  return findings.some(({ name, state }) => name === 'parent' && state === 'missing') ? parents : [];
}

/** What is in the way of what people run. */
function problemsOf(diagnosis: Diagnosis): Entry[] {
  const { works, findings } = diagnosis;
  const places = placesOf(diagnosis).map((each) => placeEntry(each));
  // Who the children are matters once there are any.
  const said = new Set([...(places.length > 0 ? ['parent', 'trial'] : []), ...(works ? [] : ['user'])]);
  const told = findings.filter((finding) => isTold(finding) && !said.has(finding.name));
  // What else helps comes last.
  const polled = findings.filter(({ name, state }) => name === 'polled' && state === 'ok');
  return withCuresOnce([...joinAlike(told), ...places, ...polled]);
}

function placeEntry({ source, path, refusal, cure }: Diagnosis['parents'][number]): Entry {
  return {
    state: 'missing',
    name: 'place',
    detail: `${nameCandidate({ source, path })}: ${refusal ?? 'can be used'}`,
    cure,
  };
}

/** Which limits and namespaces can be had, and where cages are made. */
function goodOf({ works, findings }: Diagnosis): Entry[] {
  if (!works) return [];
  const good = findings.filter(({ state }) => state === 'ok');
  const kinds = (of: string): string =>
    good
      .flatMap(({ name }) => (KIND.exec(name)?.groups?.['what'] === of ? [name.slice(of.length + 1)] : []))
      .join(', ');
  const entry = (name: string, detail: string): Entry => ({ state: 'ok', name, detail, cure: null });
  return [
    entry('limits', ['memory', kinds('limit')].filter((each) => each !== '').join(', ')),
    entry('namespaces', kinds('namespace')),
    ...good.filter(({ name }) => name === 'cgroup' || name === 'parent'),
  ];
}

function everything({ findings, parents }: Diagnosis): Entry[] {
  return withCuresOnce(joinAlike(findings)).flatMap((each) =>
    each.name === 'parent'
      ? [{ ...each, below: parents.map((candidate) => `- ${describeCandidate(candidate)}`) }]
      : [each],
  );
}

function linesOf(entries: readonly Entry[], { colors, columns }: ReportOptions): string[] {
  const nameWidth = Math.max(...entries.map(({ name }) => name.length));
  const indent = STATE_WIDTH + nameWidth + 3;
  const width = Math.max(columns, indent + LEAST_TEXT) - indent;
  const hang = (text: string): string => wrap(printable(text), width).join(`\n${' '.repeat(indent)}`);
  return entries.flatMap(({ name, state, detail, cure, below = [] }) => [
    `${stateIn(state, colors)} ${colors.bold(name.padEnd(nameWidth))}  ${hang(detail)}`,
    ...[...(cure === null ? [] : [`cure: ${cure}`]), ...below].map((text) => `${' '.repeat(indent)}${hang(text)}`),
  ]);
}

function stateIn(state: FindingState, { green, yellow, red }: Colors): string {
  const paint = { ok: green, limited: yellow, missing: red }[state];
  return `${paint(state)}${' '.repeat(STATE_WIDTH - state.length)}`;
}
