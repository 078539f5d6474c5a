import type { RunnerTestFile } from 'vitest';
import { failedUpdate, unknownFile } from '../../../../lib/programs/vitest/failed-file';

const ERROR = { name: 'MemoryLimitError', message: 'killed', stack: '' };

interface Shape {
  id: string;
  mode?: string;
  state?: string;
  tasks?: Shape[];
}

/** A task as Vitest has it. */
function task({ id, mode = 'run', state, tasks }: Shape): object {
  return {
    id,
    mode,
    type: tasks === undefined ? 'test' : 'suite',
    meta: {},
    ...(state !== undefined && { result: { state, startTime: Date.now() - 50 } }),
    ...(tasks !== undefined && { tasks: tasks.map(task) }),
  };
}

/** By the id of the task: its state after the update, and its error's message. */
function updateOf(file: Shape, running: string | undefined, results: Record<string, string> = {}) {
  const tests = {
    running: running === undefined ? undefined : { id: running, name: running },
    results: new Map(Object.entries(results).map(([id, state]) => [id, { state }])),
  };
  const { packs, events } = failedUpdate(task(file) as RunnerTestFile, tests, ERROR);
  const states = packs.map(([id, result]) => {
    const { state, errors } = result as { state: string; errors?: { message: string }[] };
    return [id, errors === undefined ? state : `${state}: ${errors.map(({ message }) => message).join()}`];
  });
  return {
    states: Object.fromEntries(states) as Record<string, string>,
    events: events.map(([id, event]) => `${event} ${id}`),
  };
}

describe('a file whose worker was killed', () => {
  test('has the error in the test that ran, keeps what is known, and skips what did not run', () => {
    const { states, events } = updateOf(
      {
        id: 'file',
        state: 'run',
        tasks: [
          { id: 'told', state: 'pass' },
          { id: 'not told' },
          { id: 'todo', mode: 'todo' },
          { id: 'suite', tasks: [{ id: 'greedy', state: 'run' }, { id: 'never' }] },
          { id: 'later suite', tasks: [{ id: 'never either' }] },
        ],
      },
      'greedy',
      { 'not told': 'pass' },
    );
    expect(states).toEqual({
      'not told': 'pass',
      greedy: 'fail: killed',
      never: 'skip',
      suite: 'fail',
      'never either': 'skip',
      'later suite': 'skip',
      file: 'fail',
    });
    expect(events).toEqual([
      'test-prepare not told',
      'test-finished not told',
      'suite-prepare suite',
      'test-prepare greedy',
      'test-finished greedy',
      'test-prepare never',
      'test-finished never',
      'suite-finished suite',
      'suite-prepare later suite',
      'test-prepare never either',
      'test-finished never either',
      'suite-finished later suite',
      'suite-finished file',
    ]);
  });

  test('has the error itself if no test ran, or Vitest does not know the one that did', () => {
    const file = { id: 'file', tasks: [{ id: 'passed', state: 'pass' }] };
    const expected = { states: { file: 'fail: killed' }, events: ['suite-prepare file', 'suite-finished file'] };
    for (const running of [undefined, 'unknown']) {
      expect(updateOf(file, running)).toEqual(expected);
    }
  });

  test('was never told of: it fails as one that can not be imported', () => {
    const file = unknownFile({ id: 'x', name: 'a.test.js', filepath: '/a.test.js', projectName: '', pool: 'caged' });
    const { packs, events } = failedUpdate(file, { running: undefined, results: new Map() }, ERROR);
    expect(packs).toEqual([['x', { state: 'fail', errors: [ERROR], duration: 0 }, {}]]);
    expect(events).toEqual([['x', 'suite-failed-early', undefined]]);
    expect(file.file).toBe(file);
  });
});
