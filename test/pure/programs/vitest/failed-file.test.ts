import type { RunnerTestFile } from 'vitest';
import { failedUpdate, unknownFile } from '../../../../lib/programs/vitest/failed-file';

const ERROR = { name: 'MemoryLimitError', message: 'killed', stack: '' };

interface Shape {
  id: string;
  mode?: string;
  state?: string;
  /** Vitest was told of its end. */
  ended?: boolean;
  tasks?: Shape[];
}

/** A task as Vitest has it. */
function task({ id, mode = 'run', state, ended = false, tasks }: Shape): object {
  return {
    id,
    mode,
    type: tasks === undefined ? 'test' : 'suite',
    meta: {},
    ...(state !== undefined && { result: { state, startTime: Date.now() - 50, ...(ended && { duration: 50 }) } }),
    ...(tasks !== undefined && { tasks: tasks.map(task) }),
  };
}

/** By the id of the task: its state after the update, and its error's message. */
function updateOf(file: Shape, running: string[], results: Record<string, string> = {}) {
  const tests = {
    running: new Map(running.map((id) => [id, id])),
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
          { id: 'told', state: 'pass', ended: true },
          { id: 'not told' },
          { id: 'todo', mode: 'todo' },
          { id: 'suite', tasks: [{ id: 'greedy', state: 'run' }, { id: 'never' }] },
          { id: 'later suite', tasks: [{ id: 'never either' }] },
        ],
      },
      ['greedy'],
      { told: 'pass', 'not told': 'pass' },
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

  test('has the error in each test that ran, whatever its earlier tries and hooks were told to be, and in no other', () => {
    const { states } = updateOf(
      {
        id: 'file',
        state: 'run',
        tasks: [
          { id: 'greedy', state: 'run' },
          { id: 'tried again', state: 'fail' },
          { id: 'repeated', state: 'pass' },
          { id: 'failed after it passed', state: 'pass' },
          { id: 'skipped itself', mode: 'skip', state: 'skip', ended: true },
          { id: 'cancelled', mode: 'skip', state: 'skip' },
        ],
      },
      ['greedy', 'tried again', 'repeated', 'cancelled'],
      { 'failed after it passed': 'fail', 'skipped itself': 'skip' },
    );
    expect(states).toEqual({
      greedy: 'fail: killed',
      'tried again': 'fail: killed',
      repeated: 'fail: killed',
      'failed after it passed': 'fail',
      file: 'fail',
    });
  });

  test('keeps the states that Vitest was told of tests of which nothing else is known', () => {
    const file = {
      id: 'file',
      tasks: [
        { id: 'passed', state: 'pass' },
        { id: 'running', state: 'run' },
      ],
    };
    expect(updateOf(file, []).states).toEqual({ running: 'skip', file: 'fail: killed' });
  });

  test('has the error itself if no test ran, or Vitest does not know the one that did', () => {
    const file = { id: 'file', tasks: [{ id: 'passed', state: 'pass' }] };
    const expected = { states: { file: 'fail: killed' }, events: ['suite-prepare file', 'suite-finished file'] };
    for (const running of [[], ['unknown']]) {
      expect(updateOf(file, running)).toEqual(expected);
    }
  });

  test('was never told of: it fails as one that can not be imported', () => {
    const file = unknownFile({ id: 'x', name: 'a.test.js', filepath: '/a.test.js', projectName: '', pool: 'caged' });
    const { packs, events } = failedUpdate(file, { running: new Map(), results: new Map() }, ERROR);
    expect(packs).toEqual([['x', { state: 'fail', errors: [ERROR], duration: 0 }, {}]]);
    expect(events).toEqual([['x', 'suite-failed-early', undefined]]);
    expect(file.file).toBe(file);
  });
});
