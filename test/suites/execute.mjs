import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How long output may go on after the program has ended: something with another environment may hold the pipes. */
const LINGER_MS = 10_000;

/**
 * Runs a program to its end, or for so many seconds. Resolves to its exit status (null if it was killed) and output.
 * Nothing that it started outlives it, unless that is in another session and has another environment.
 */
export async function execute([file, ...args], { cwd, env, seconds }) {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    return chunks;
  });
  const closed = once(child, 'close');
  const kill = () => killAll(child, env.MEMCAGE_SUITES_MARK);
  const timer = setTimeout(kill, seconds * 1000);
  process.once('exit', kill);
  const [status] = await once(child, 'exit');
  clearTimeout(timer);
  process.off('exit', kill);
  kill();
  await Promise.race([closed, delay(LINGER_MS, undefined, { ref: false })]);
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
  return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

function killAll(child, mark) {
  // The first is its process group.
  for (const pid of [-child.pid, ...marked(mark)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** The processes with that mark in their environment. */
function marked(mark) {
  const wanted = `MEMCAGE_SUITES_MARK=${mark}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(wanted))
    .map(Number);
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    // It has ended, or belongs to somebody else.
    return [];
  }
}
