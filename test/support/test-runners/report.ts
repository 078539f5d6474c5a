import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** As Jest and Vitest write it. */
interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

export interface FileReport {
  status: string;
  message: string;
  tests: Record<string, { status: string; message: string }>;
}

/** What `report.json` says, by the names of the files without their endings; nothing without a report. */
export function readReport(directory: string): [file: string, FileReport][] {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as Report;
  } catch {
    return [];
  }
  return report.testResults.map(({ name, status, message, assertionResults }) => {
    const tests = assertionResults.map(
      (each) => [each.fullName, { status: each.status, message: each.failureMessages.join('\n') }] as const,
    );
    return [basename(name).replace(/\..*/, ''), { status, message, tests: Object.fromEntries(tests) }];
  });
}
