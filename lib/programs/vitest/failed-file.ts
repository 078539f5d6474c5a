import type { RunnerTask, RunnerTestFile } from 'vitest' with { 'resolution-mode': 'import' };
import type { TestsOfFile } from './worker-process';

/** The error of a file, or of its test, as Vitest passes errors around. It has no stack: none of memcage's lines would help. */
export interface FileError {
  name: string;
  message: string;
  stack: string;
}

type Pack = [id: string, result: object | undefined, meta: object];
type Event = [id: string, event: string, data: undefined];

/** What `onTaskUpdate` of Vitest's rpc takes. */
export interface Update {
  packs: Pack[];
  events: Event[];
}

/**
 * What tells Vitest that a file has failed whose worker was killed. Tests that had not run by then are skipped.
 *
 * @param tests what the worker has said of its tests. Those that ran get the error; without one, the file does
 */
export function failedUpdate(file: RunnerTestFile, tests: TestsOfFile, error: FileError): Update {
  const update: Update = { packs: [], events: [] };
  const isCollected = file.tasks.length > 0;
  if (isCollected && file.result === undefined) tell(update, file, 'suite-prepare');
  const states = file.tasks.map((task) => conclude(update, task, { tests, error }));
  const hasError = update.packs.some(([id]) => tests.running.has(id));
  const result = { ...file.result, state: 'fail', ...(!hasError && { errors: [error] }), duration: durationOf(file) };
  update.packs.push([file.id, result, file.meta]);
  tell(update, file, states.length > 0 ? 'suite-finished' : 'suite-failed-early');
  return update;
}

/** A file that Vitest has not been told of yet: its worker was killed before. */
export function unknownFile(
  known: Pick<RunnerTestFile, 'id' | 'name' | 'filepath' | 'projectName' | 'pool'>,
): RunnerTestFile {
  const file = { ...known, fullName: known.name, type: 'suite', mode: 'run', tasks: [], meta: {} };
  return Object.assign(file, { file }) as unknown as RunnerTestFile;
}

interface Given {
  tests: TestsOfFile;
  error: FileError;
}

/** @returns the state that the task has then */
function conclude(update: Update, task: RunnerTask, given: Given): string {
  if (task.type === 'suite') {
    if (task.result === undefined && task.mode !== 'skip') tell(update, task, 'suite-prepare');
    const states = task.tasks.map((each) => conclude(update, each, given));
    if (isOver(task, given)) return task.result?.state ?? 'skip';
    const state = states.includes('fail') ? 'fail' : states.includes('pass') ? 'pass' : 'skip';
    return set(update, task, { ...task.result, state });
  }
  if (isOver(task, given)) return task.result?.state ?? 'skip';
  const { tests, error } = given;
  tell(update, task, 'test-prepare');
  if (!tests.running.has(task.id)) return set(update, task, tests.results.get(task.id) ?? { state: 'skip' });
  return set(update, task, { ...task.result, state: 'fail', errors: [error], duration: durationOf(task) });
}

function set(update: Update, task: RunnerTask, result: { state?: string; [more: string]: unknown }): string {
  update.packs.push([task.id, result, task.meta]);
  tell(update, task, task.type === 'suite' ? 'suite-finished' : 'test-finished');
  return result.state ?? 'skip';
}

/** Whether Vitest knows how the task ended. */
function isOver({ id, result, mode }: RunnerTask, { tests: { running, results } }: Given): boolean {
  if (mode === 'skip' || mode === 'todo') return true;
  // What Vitest was told last may be of an earlier try, or of before a hook that failed. The duration comes at the end.
  if (running.has(id) || results.has(id)) return result?.duration !== undefined;
  return result !== undefined && result.state !== 'run' && result.state !== 'queued';
}

function durationOf({ result }: RunnerTask): number {
  return result?.startTime === undefined ? 0 : Date.now() - result.startTime;
}

function tell({ events }: Update, { id }: RunnerTask, event: string): void {
  events.push([id, event, undefined]);
}
