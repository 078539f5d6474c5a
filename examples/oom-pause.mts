/**
 * Pause instead of kill: with the OOM killer off, a child that reaches its limit waits until it gets more. cgroup v1
 * only.
 *
 *   npm run build && npm run build:programs && node out/examples/oom-pause.mjs
 */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type OomEvent, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { exitWith, Report } from './support/report.mts';

const MIB = 1024 * 1024;

// Not Node, whose heap has much that works only while there is memory.
const script = 'my $n = 64; my $kept = "x" x ($n << 20); print length($kept) >> 20';

async function main(): Promise<number> {
  const report = new Report();
  const own = Cgroup.self();
  const { version } = own;
  own.close();
  if (version === 2) {
    report.title('Pause instead of kill');
    report.show('not here', 'cgroup v2 always kills: only v1 can turn the OOM killer of a cgroup off');
    return report.end();
  }

  report.title('A child that takes 64 MiB below a limit of 32 MiB');
  const child = spawn('perl', ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    memory: { max: '32M', oomKill: false },
  });
  const output = text(child.stdout);
  const ended = child.outcome.then(() => undefined);
  const [oom] = (await Promise.race([once(child.cage, 'oom'), ended.then(() => [])])) as [OomEvent?];
  report.check("event 'oom': it waits", String(oom?.underOom), oom?.underOom === true);
  report.check('killed', oom?.kills ?? 'unknown', oom?.kills === 0);
  report.check('alive', child.exitCode === null ? 'yes' : 'no', child.exitCode === null && child.signalCode === null);
  const { usageBytes } = child.cage.cgroup.usage();
  report.check('use', `${Math.round(usageBytes / MIB)} MiB`, usageBytes <= 32 * MIB && usageBytes > 28 * MIB);

  report.title('It gets more');
  child.cage.cgroup.setLimits('128M');
  const outcome = await child.outcome;
  report.check('exit code', outcome.exitCode, outcome.exitCode === 0);
  report.check('it has, in MiB', await output, (await output) === '64');
  report.check('outcome.oom', String(outcome.oom), outcome.oom === null);
  return report.end();
}

exitWith(main());
