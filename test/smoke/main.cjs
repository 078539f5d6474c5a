// Usage: main.cjs (with `memcage` installed where this file finds it)
// Runs the checks (checks.cjs) with the runtime that runs this file, then looks for what they have left behind. Prints
// TAP, and ends with code 1 when a check fails. Needs nothing but the package, `sh` and a few programs of coreutils and
// util-linux (or BusyBox), so that it runs in a bare root file system.
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { CHECKS_MS } = require('./deadline.cjs');
const { MARKER, leftovers } = require('./leftovers.cjs');
const { until } = require('./until.cjs');

// A check that blocks its process misses its own deadline. The runtime also takes its time to start and to end.
const TIMEOUT_MS = CHECKS_MS + 30_000;

const { bun, node } = process.versions;
console.log(`# ${bun === undefined ? `Node ${node}` : `Bun ${bun}`}`);

// In a process of its own, because memcage keeps some things until its process ends.
const child = spawn(process.execPath, [join(__dirname, 'checks.cjs')], {
  stdio: 'inherit',
  env: { ...process.env, [MARKER]: String(process.pid) },
  timeout: TIMEOUT_MS,
  killSignal: 'SIGKILL',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGKILL'));
child.on('error', (error) => report([error.message]));
child.on('close', async (code, signal) => {
  const find = () => leftovers(child.pid, process.pid);
  await until(() => find().length === 0).catch(() => {});
  const left = find();
  if (signal !== null) left.push(`the checks were ended by ${signal}`);
  report(left, code !== 0);
});

function report(left, hasFailed = false) {
  console.log(`${left.length === 0 ? 'ok' : 'not ok'} - nothing is left behind`);
  for (const line of left) console.log(`# ${line}`);
  process.exitCode = hasFailed || left.length > 0 ? 1 : 0;
}
