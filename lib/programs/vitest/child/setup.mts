// Runs in the worker, before each test file, as a data: URL in Vitest's option setupFiles. What Vitest tells of its tests waits for up to 100 ms there, and is lost
// with the worker. So the name of each test is sent as it begins, before it can take memory,
// and its result as it ends.

interface Task {
  type: string;
  id: string;
  name: string;
  suite?: Task;
  result?: object;
}

interface WorkerState {
  current?: Task | undefined;
}

const state = (globalThis as { __vitest_worker__?: WorkerState }).__vitest_worker__;
const send = process.send?.bind(process);
if (state !== undefined && send !== undefined) {
  let { current } = state;
  Object.defineProperty(state, 'current', {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(task: Task | undefined) {
      const before = current;
      current = task;
      if (before === task) return;
      if (before?.type === 'test') send({ memcage: 'test', id: before.id, name: before.name, result: before.result });
      if (task?.type === 'test') send({ memcage: 'test', id: task.id, name: namesOf(task).join(' > ') });
    },
  });
}

function namesOf(task: Task): string[] {
  return [...(task.suite === undefined ? [] : namesOf(task.suite)), task.name].filter((name) => name !== '');
}

export {};
