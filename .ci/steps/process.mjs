// A step as a process group, whose output is shown line by line under the step's name.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** So long a step may take to end once it was told to. */
const END_MS = 20_000;
/** What the summary shows of a step that failed. */
const LAST_LINES = 15;
/** So long its last output may take to come, once it has ended. */
const OUTPUT_MS = 5000;

/** The process groups of the steps that run. */
const groups = new Set();

// Whatever ends the gate, its steps end with it.
process.on('exit', () => {
  for (const pid of groups) kill(pid, 'SIGKILL');
});

/**
 * Resolves to its exit status or signal, how many seconds it took, and its last lines. Aborting ends all of its group.
 */
export async function runStep({ name, command }, signal) {
  console.log(`=== ${name}: ${command.join(' ').slice(0, 300)}`);
  const started = performance.now();
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  if (child.pid !== undefined) groups.add(child.pid);
  const last = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      console.log(`${name} | ${line}`);
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    });
  }
  const closed = once(child, 'close').catch(() => {});
  const exited = once(child, 'exit').catch(({ message }) => [message]);
  let abort;
  const ended = new Promise((resolve) => {
    abort = () => resolve(end(child.pid).then(() => [null]));
  });
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  // The kernel may not let it go.
  const [code, killedBy] = await Promise.race([exited, ended]);
  signal.removeEventListener('abort', abort);
  // What a step has left running may keep its output open.
  await Promise.race([closed, sleep(OUTPUT_MS, undefined, { ref: false })]);
  if (signal.aborted) await end(child.pid);
  groups.delete(child.pid);
  const status = signal.aborted ? 'ended with the run' : (code ?? killedBy);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`=== ${name}: ${status === 0 ? 'done' : `FAILED: ${status}`} in ${seconds} s`);
  return { status, seconds, last };
}

/** Ends the process group. One signal is enough: another would interrupt what a shell does about the first. */
async function end(pid) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    kill(pid, signal);
    const deadline = Date.now() + END_MS;
    while (kill(pid, 0) && Date.now() < deadline) await sleep(100);
  }
}

/** Whether there was anybody to get it. */
function kill(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
