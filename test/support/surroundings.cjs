const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
const { release, userInfo } = require('node:os');
const { join } = require('node:path');

/**
 * On what tests run, for test/matrix/tested.md. `root` is the root file system. A CommonJS module, because it also runs inside
 * of guests.
 */
exports.surroundings = ({ machine, node, root = '/' }) => ({
  date: new Date().toISOString().slice(0, 10),
  kernel: release(),
  machine,
  cgroup: cgroup(),
  init: init(),
  distribution: distribution(join(root, 'etc/os-release')),
  node,
  user: userInfo().uid === 0 ? 'root' : 'not root',
});

function cgroup() {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  if (!/^\d+:([^:]*,)?memory[,:]/m.test(groups)) return 'v2';
  return /^0::/m.test(groups) ? 'v1, hybrid' : 'v1';
}

/** The program of process 1; for systemd with its version. */
function init() {
  if (readFileSync('/proc/1/comm', 'utf8').trim() !== 'systemd') return 'no systemd';
  const { stdout } = spawnSync('systemctl', ['--version'], { encoding: 'utf8' });
  return `systemd ${/^systemd (\d+)/.exec(stdout)?.[1] ?? '?'}`;
}

function distribution(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'unknown';
}
