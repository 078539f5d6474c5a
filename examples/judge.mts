/**
 * A judge for programs in C, Python and JavaScript that nobody trusts. Each is compiled and run in a cage, in a root file
 * system with nothing in it but what its language needs, without a network, and as a user of its own. Then come some
 * programs that try to take more than they may, or to get out, and for each the verdict that it must get.
 *
 *   npm run build && npm run build:programs && sudo node out/examples/judge.mjs
 *
 * In `judge`, `caged.mts` has what holds a program, `verdict.mts` what memcage says of its end.
 */
import { unlinkSync } from 'node:fs';
import { isRoot } from './judge/caged.mts';
import { makeData } from './judge/data.mts';
import { judge, type Problem } from './judge/judge.mts';
import { languageOf, missing } from './judge/languages.mts';
import { whatIsLeft } from './judge/left.mts';
import { PROGRAM } from './judge/limits.mts';
import { sourceOf } from './judge/source-of.mts';
import { groups, type Submission } from './judge/submissions.mts';
import type { Verdict } from './judge/verdict.mts';
import { exitWith, Report } from './support/report.mts';

/** How many are judged at a time. */
const LANES = 2;

async function main(): Promise<number> {
  const report = new Report();
  report.title(
    `${PROGRAM.memory}, ${PROGRAM.cpuTimeMs} ms of the processor, ${PROGRAM.timeoutMs} ms in all, ${PROGRAM.pids} processes`,
  );
  for (const line of whatIsMissing()) report.show('not here', line);
  const data = makeData();
  try {
    await judgeGroups(report, { input: '1\n2\n3\n4\n5\n', answer: '15', data });
  } finally {
    unlinkSync(data);
  }
  report.title('What is left');
  for (const [what, count] of whatIsLeft()) report.check(what, count, count === 0);
  return report.end();
}

function whatIsMissing(): string[] {
  const languages = missing().map(({ name, needs }) => `${name}: no ${needs.path} (Debian: ${needs.package})`);
  const users =
    'a user for each program, which takes root: what gets out is you, and limits of a user hold for all together';
  return isRoot ? languages : [...languages, users];
}

async function judgeGroups(report: Report, problem: Problem): Promise<void> {
  const unknown = missing();
  for (const { title, submissions } of groups) {
    report.title(title);
    const known = submissions.filter(({ file }) => !unknown.includes(languageOf(file)));
    const verdicts = await judgeAll(known, problem);
    for (const submission of submissions) tell(report, submission, verdicts.get(submission));
  }
}

async function judgeAll(submissions: readonly Submission[], problem: Problem): Promise<Map<Submission, Verdict>> {
  const verdicts = new Map<Submission, Verdict>();
  const queue = submissions.values();
  const lane = async (): Promise<void> => {
    for (const each of queue) verdicts.set(each, await judge(languageOf(each.file), sourceOf(each), problem));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return verdicts;
}

function tell(report: Report, { name, verdict }: Submission, seen: Verdict | undefined): void {
  if (seen === undefined) {
    report.show(name, 'not judged');
    return;
  }
  const text = seen.detail === '' ? seen.kind : `${seen.kind}: ${seen.detail}`;
  report.check(name, text, verdict.test(text));
}

exitWith(main());
