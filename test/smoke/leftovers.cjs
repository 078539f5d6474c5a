const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Descendants inherit it, so that they are known even when init has adopted them. */
exports.MARKER = 'MEMCAGE_SMOKE';

/**
 * The processes that carry the marker with this value, the guardian of that process, and the cgroups that it has made.
 * Another program may make cages at the same time: they are not ours.
 */
exports.leftovers = (pid, marker) => [...cgroupsOf(pid), ...processesOf(pid, marker)];

function cgroupsOf(pid) {
  return readText('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .flatMap((line) => below(line.split(' ')[4]))
    .filter(([name]) => name.startsWith(`memcage-${pid}-`))
    .map(([, path]) => `cgroup ${path}`);
}

function processesOf(pid, marker) {
  return list('/proc')
    .map(({ name }) => name)
    .filter((name) => /^\d+$/.test(name) && isOf(name, pid, marker))
    .map((name) => `process ${name}: ${commandOf(name).join(' ')}`);
}

function isOf(name, pid, marker) {
  // The guardian has no environment.
  const isGuardian = commandOf(name).includes(`--guardian=${pid}`);
  return isGuardian || readText(`/proc/${name}/environ`).split('\0').includes(`${exports.MARKER}=${marker}`);
}

const commandOf = (pid) => readText(`/proc/${pid}/cmdline`).split('\0');

/** Name and path of all directories below, at every level. */
function below(directory) {
  return list(directory)
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [[name, join(directory, name)], ...below(join(directory, name))]);
}

// Processes and cgroups vanish while they are read.
function list(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
