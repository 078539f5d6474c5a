// Runs the steps of the gate beside each other.
import { runStep } from './process.mjs';

/** One more than there are processors, since tests wait a lot. */
const CORES = 3;

/**
 * Runs these steps in their order, each once what it needs has succeeded. A step that fails takes along those that need
 * it, and no other. Resolves to the ends of all: the step, its `status`, and unless it never started `seconds` and `last`.
 *
 * @param {{ name: string, command: string[], after?: string[], cores?: number, minutes: number }[]} steps
 * @param {AbortSignal} signal
 * @param {object[]} [ended] the ends of steps that ran before
 */
export async function schedule(steps, signal, ended = []) {
  const ends = new Map(ended.map((end) => [end.name, end]));
  const running = new Map();
  const waiting = [...steps];
  const isGood = (name) => ends.get(name)?.status === 0;

  for (;;) {
    for (const step of waiting.filter(({ after = [] }) => after.some((name) => ends.has(name) && !isGood(name)))) {
      waiting.splice(waiting.indexOf(step), 1);
      ends.set(step.name, { ...step, status: 'not run' });
    }
    for (let step = next(); step !== undefined && !signal.aborted; step = next()) start(step);
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  for (const step of waiting) ends.set(step.name, { ...step, status: 'not run' });
  return [...ends.values()];

  /** The first that can start. One that has to wait for a processor holds back those after it. */
  function next() {
    const ready = waiting.filter(({ after = [] }) => after.every(isGood));
    const busy = steps.filter(({ name }) => running.has(name)).reduce((sum, { cores = 1 }) => sum + cores, 0);
    const beside = ready.find(({ cores }) => cores === 0);
    const [first] = ready;
    return beside ?? (first !== undefined && busy + (first.cores ?? 1) <= CORES ? first : undefined);
  }

  function start(step) {
    waiting.splice(waiting.indexOf(step), 1);
    const end = runStep(step, signal).then((result) => {
      running.delete(step.name);
      ends.set(step.name, { ...step, ...result });
    });
    running.set(step.name, end);
  }
}
