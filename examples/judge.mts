/**
 * A judge for programs in C, Python and JavaScript that nobody trusts. Each is compiled and run with `untrusted: true`. Then come
 * some programs that try to take more than they may, or to get out, and for each the verdict that it must get.
 *
 *   npm run build && npm run build:programs && sudo node out/examples/judge.mjs [FILE...]
 *
 * With names of files, only these of examples/judge/submissions.
 */
import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { judge, missingFor, PROGRAM, type Problem } from './judge/judge.mts';
import { whatIsLeft } from './judge/left.mts';
import { groups as all, type Submission } from './judge/submissions.mts';
import { exitWith, Report } from './support/report.mts';

/** How many are judged at a time. */
const LANES = 2;

async function main(files: readonly string[]): Promise<number> {
  const report = new Report();
  const isWanted = ({ file }: Submission): boolean => files.length === 0 || files.includes(file);
  const groups = all
    .map(({ title, submissions }) => ({ title, submissions: submissions.filter(isWanted) }))
    .filter(({ submissions }) => submissions.length > 0);
  const { memory, cpuTimeMs, timeout, pids } = PROGRAM;
  report.title(`${memory}, ${cpuTimeMs} ms of the processor, ${timeout} ms in all, ${pids} processes`);
  const lacking = groups.flatMap(({ submissions }) => submissions.flatMap(({ file }) => missingFor(file) ?? []));
  for (const lack of new Set(lacking)) report.show('not here', lack);
  const data = makeData();
  try {
    const problem = { input: '1\n2\n3\n4\n5\n', answer: '15', data };
    for (const { title, submissions } of groups) {
      report.title(title);
      const known = submissions.filter(({ file }) => missingFor(file) === undefined);
      const verdicts = await judgeAll(known, problem);
      for (const submission of submissions) tell(report, submission, verdicts.get(submission));
    }
  } finally {
    unlinkSync(data);
  }
  report.title('What is left');
  for (const [what, count] of whatIsLeft()) report.check(what, count, count === 0);
  return report.end();
}

/** Makes a file that takes no room on the disk, and is more than a program may have in memory. */
function makeData(): string {
  // That must be a disk: the kernel can give up its pages, and read them again.
  const path = `/var/tmp/memcage-judge-${process.pid}`;
  const fd = openSync(path, 'w', 0o644);
  ftruncateSync(fd, 96 << 20);
  closeSync(fd);
  return path;
}

async function judgeAll(submissions: readonly Submission[], problem: Problem): Promise<Map<Submission, string>> {
  const verdicts = new Map<Submission, string>();
  const queue = submissions.values();
  const lane = async (): Promise<void> => {
    for (const each of queue) verdicts.set(each, await judge(each.file, each.source, problem));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return verdicts;
}

function tell(report: Report, { file, verdict }: Submission, seen: string | undefined): void {
  if (seen === undefined) report.show(file, 'not judged');
  else report.check(file, seen, verdict.test(seen));
}

exitWith(main(process.argv.slice(2)));
