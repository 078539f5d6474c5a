// Starts a child in a cage, and one of that child's in another session, which only the guardian can find. Then it
// prints where they are, and waits to be killed, or for the end of its input: then the checks were ended.
const { spawn } = require('node:child_process');
const { createLauncher } = require('memcage');

const launcher = createLauncher({ memory: '20M' });
const script = 'setsid sleep 1000 & exec sleep 1000';
spawn(launcher.file, [...launcher.args, 'sh', '-c', script], { stdio: 'ignore' });

const { cgroup } = launcher.cage;
const timer = setInterval(() => {
  const sleeping = cgroup.processes().filter(({ name }) => name === 'sleep');
  if (sleeping.length < 2) return;
  clearInterval(timer);
  console.log(JSON.stringify({ cage: cgroup.path, pids: sleeping.map(({ pid }) => pid) }));
}, 20);
// Its child and its timer would keep it running, and nobody would kill it any more.
process.stdin.on('end', () => process.exit(1)).resume();
