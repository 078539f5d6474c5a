// Runs in the worker, before each test file, as a data: URL in Vitest's option setupFiles. What Vitest tells of its tests waits for up to 100 ms there, and is lost
// with the worker. So the name of each test is sent as it begins, before it can take memory,
// and its result as it ends.

interface Result {
  duration?: number;
}

interface Task {
  type: string;
  id: string;
  name: string;
  suite?: Task;
  result?: Result;
}

interface WorkerState {
  current?: Task | undefined;
}

const state = (globalThis as { __vitest_worker__?: WorkerState }).__vitest_worker__;
const send = process.send?.bind(process);
if (state !== undefined && send !== undefined) {
  // Only this says that a test begins. That another task is the current one does not say that it has ended: several may run.
  onSet(state, 'current', (task) => {
    if (task?.type !== 'test') return;
    const { id } = task;
    const name = namesOf(task).join(' > ');
    send({ memcage: 'test', id, name });
    onEnd(task, (result) => send({ memcage: 'test', id, name, result }));
  });
}

/** The state may change until the last retry and the last hook. The duration is set then; a test that skips itself gets a new result with it. */
function onEnd(task: Task, then: (result: Result) => void): void {
  onSet(task, 'result', (result) => {
    if (result?.duration !== undefined) then(result);
    else if (result !== undefined) onSet(result, 'duration', () => then(result));
  });
}

/** Calls back whenever the property is set. Until then it is seen only if it was there. */
function onSet<Of extends object, Key extends keyof Of>(object: Of, key: Key, then: (value: Of[Key]) => void): void {
  let value = object[key];
  Object.defineProperty(object, key, {
    configurable: true,
    enumerable: key in object,
    get: () => value,
    set(next: Of[Key]) {
      value = next;
      Object.defineProperty(object, key, { enumerable: true });
      then(next);
    },
  });
}

function namesOf(task: Task): string[] {
  return [...(task.suite === undefined ? [] : namesOf(task.suite)), task.name].filter((name) => name !== '');
}

export {};
