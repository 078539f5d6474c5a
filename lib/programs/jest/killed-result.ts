import type { CaseResult, JestTest, TestNames } from './jest-types';

/** What is known of the tests of a file while it runs. */
export class FileProgress {
  readonly #done: CaseResult[] = [];
  readonly #running: TestNames[] = [];
  readonly startedMs = Date.now();

  /** Takes what Jest's worker says. */
  take(event: string, argument: unknown): void {
    const [, names] = argument as [path: string, names: TestNames];
    if (event === 'test-case-start') this.#running.push(names);
    if (event !== 'test-case-result') return;
    // Several may have one name.
    const index = this.#running.findIndex(({ fullName }) => fullName === names.fullName);
    if (index !== -1) this.#running.splice(index, 1);
    const result = names as CaseResult;
    const attempt = this.#done.findIndex((each) => isAttemptBefore(each, result));
    if (attempt !== -1) this.#done.splice(attempt, 1);
    this.#done.push(result);
  }

  get done(): readonly CaseResult[] {
    return this.#done;
  }

  /** Those that have begun: several with `test.concurrent`, none while the file is loaded. */
  get running(): readonly TestNames[] {
    return this.#running;
  }

  /** The names of those, in one text; undefined if there are none. */
  get tests(): string | undefined {
    return this.#running.map(({ fullName }) => fullName).join(', ') || undefined;
  }
}

/** Whether the test ran again after this failure, by `jest.retryTimes()`. */
function isAttemptBefore(failed: CaseResult, { fullName, invocations = 1 }: CaseResult): boolean {
  const isSame = failed.fullName === fullName && failed.status === 'failed';
  return isSame && (failed.invocations ?? 1) === invocations - 1;
}

const OUTSIDE: TestNames = {
  ancestorTitles: [],
  fullName: 'while no test of it ran',
  title: 'while no test of it ran',
};

/**
 * The result of a file whose worker was killed. The tests that ran have failed, since no reporter looks for JUnit at a file that
 * has none; those that had ended keep their results.
 */
export function killedResult(test: JestTest, progress: FileProgress, message: string): object {
  const failed = (progress.running.length === 0 ? [OUTSIDE] : progress.running).map((names) =>
    failedCase(names, message),
  );
  const results = [...progress.done, ...failed];
  const count = (status: string) => results.filter((result) => result.status === status).length;
  const [failing, passing, todo] = [count('failed'), count('passed'), count('todo')];
  const end = Date.now();
  return {
    failureMessage: results
      .filter(({ status }) => status === 'failed')
      .map(describe)
      .join('\n'),
    displayName: test.context.config.displayName,
    leaks: false,
    numFailingTests: failing,
    numPassingTests: passing,
    numPendingTests: results.length - failing - passing - todo,
    numTodoTests: todo,
    openHandles: [],
    perfStats: { end, runtime: end - progress.startedMs, slow: false, start: progress.startedMs },
    skipped: false,
    snapshot: { added: 0, fileDeleted: false, matched: 0, unchecked: 0, uncheckedKeys: [], unmatched: 0, updated: 0 },
    testFilePath: test.path,
    testResults: results,
  };
}

function failedCase({ ancestorTitles, fullName, title }: TestNames, message: string): CaseResult {
  return {
    ancestorTitles,
    fullName,
    title,
    status: 'failed',
    duration: null,
    failureDetails: [],
    failureMessages: [message],
    invocations: 1,
    location: null,
    numPassingAsserts: 0,
    retryReasons: [],
  };
}

/** As Jest prints failures. */
function describe({ ancestorTitles, title, failureMessages }: CaseResult): string {
  const text = failureMessages.join('\n').replace(/^(?=.)/gm, '    ');
  return `  ● ${[...ancestorTitles, title].join(' › ')}\n\n${text}\n`;
}
