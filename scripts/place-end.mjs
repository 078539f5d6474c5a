// The end of a place that beside.mjs has made. What a test run leaves there is an error, and is ended and removed.
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that is about to end when its run has ended is not left behind. */
const LONGEST_END_MS = 5000;

/** Resolves to what was there, one line each. */
export async function emptyAndRemove(cgroups) {
  const lines = (await staying(cgroups)).map(describe);
  const deadline = performance.now() + LONGEST_END_MS;
  for (let pids = members(cgroups); pids.length > 0 && performance.now() < deadline; pids = members(cgroups)) {
    for (const pid of pids) kill(pid);
    await sleep(20);
  }
  return [...lines, ...cgroups.flatMap(removeTree)];
}

/** The processes that do not end by themselves. Tells of those that do. */
async function staying(cgroups) {
  const deadline = performance.now() + LONGEST_END_MS;
  for (const line of members(cgroups).map(describe)) console.log(`Not ended with its test run: ${line}`);
  for (;;) {
    const pids = members(cgroups);
    if (pids.length === 0 || performance.now() > deadline) return pids;
    await sleep(20);
  }
}

function members(cgroups) {
  const directories = cgroups.flatMap((cgroup) => [cgroup, ...directoriesIn(cgroup)]);
  return [...new Set(directories.flatMap((path) => readText(join(path, 'cgroup.procs')).split('\n')))].filter(
    // 0 is a process of another PID namespace.
    (pid) => pid !== '' && pid !== '0',
  );
}

function describe(pid) {
  const status = readText(`/proc/${pid}/status`);
  const command = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trimEnd();
  const [name, state, parent] = ['Name', 'State', 'PPid'].map(
    (key) => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status)?.[1],
  );
  return `process ${pid} (${state}, child of ${parent}): ${command || name}`;
}

function kill(pid) {
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** One line for each directory below, and for each that can't be removed. */
function removeTree(cgroup) {
  const below = directoriesIn(cgroup);
  const failed = [cgroup, ...below].reverse().flatMap((path) => {
    try {
      rmdirSync(path);
      return [];
    } catch (error) {
      return [`cgroup ${path}, which can't be removed: ${error.code}`];
    }
  });
  return [...below.map((path) => `cgroup ${path}`), ...failed];
}

/** Those above come first. */
function directoriesIn(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name))
    .flatMap((path) => [path, ...directoriesIn(path)]);
}

/** A process that has ended, or a cgroup that is gone, has no text. */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
