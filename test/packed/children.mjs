// The children of a program that runs the package elsewhere. If the program is interrupted, they end first, and clean up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const children = new Set();
let interrupted = false;

/** Whether nothing should start any more. */
export const isInterrupted = () => interrupted;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    process.exitCode = 1;
    endAll();
  });
}

// If it fails, it does not wait for them.
process.on('exit', endAll);

/** As node:child_process does. Wait for its `close`. */
export function start(file, args, options) {
  // In a process group of its own, because what a script has started does not end with the script.
  const child = spawn(file, args, { ...options, detached: true });
  children.add(child);
  child.on('close', () => children.delete(child));
  // A signal may have come while the program was busy with something else.
  if (interrupted) end(child);
  return child;
}

/** Runs a command to its end. Its errors are this program's. */
export async function execute(file, args, options) {
  const child = start(file, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  const [status, signal] = await once(child, 'close');
  return { stdout, status, signal };
}

function endAll() {
  for (const child of children) end(child);
}

function end({ pid }) {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended already, or was never there.
  }
}
