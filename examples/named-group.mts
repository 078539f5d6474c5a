/**
 * Use a memory cgroup by hand, as the Go program does: make it, limit it, put a running process in, read it, remove
 * it.
 *
 *   npm run build && npm run build:programs && node out/examples/named-group.mjs
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Cgroup } from 'memcage/cgroup';
import { exitWith, Report } from './support/report.mts';

const LIMIT_BYTES = 100 * 1024 * 1024;

async function main(): Promise<number> {
  const report = new Report();
  // Started by Node, without memcage. It waits for a line before it does anything.
  const child = spawn('sh', ['-c', 'read line; sleep 60'], { stdio: ['pipe', 'inherit', 'inherit'] });
  const pid = child.pid ?? 0;
  const group = Cgroup.create(`test_memory_limit_${process.pid}`, { memory: '100M' });
  try {
    report.title('A group made by hand');
    report.show('path', group.path);
    report.check('memory limit', group.limits().max, group.limits().max === LIMIT_BYTES);

    group.add(pid);
    child.stdin.end('go\n');
    report.check('tasks', group.threads().join(' '), group.threads().includes(pid));
    report.check('cgroup of the process', Cgroup.of(pid).path, Cgroup.of(pid).path === group.path);

    const usage = group.usage();
    report.check('usage', usage.usageBytes, usage.usageBytes < LIMIT_BYTES);
    report.show('percent of the limit', usage.percent?.toFixed(2) ?? 'no limit');
    if (usage.realUseBytes !== null) report.show('rss + cache + swap', usage.realUseBytes);
    report.show('memory.stat pgfault', group.stat()['pgfault'] ?? 'unknown');

    group.setLimits('50M');
    report.check('lowered to 50 MiB', group.limits().max, group.limits().max === LIMIT_BYTES / 2);
  } finally {
    const exited = once(child, 'exit');
    await group.kill();
    await exited;
    await group.remove();
  }
  report.check('ended by', String(child.signalCode), child.signalCode === 'SIGKILL');
  return report.end();
}

exitWith(main());
