import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedCage } from 'memcage';
import { oneOf, type Random } from '../../support/random';
import type { Tally } from '../tally';

const ONE_IN = 15;

/** Signals a child at a random instant, as an operator, an OOM killer or a rival might. */
export function endanger(child: ChildProcess & { cage?: SharedCage | null }, random: Random, tally: Tally): void {
  if (child.pid === undefined || random() > 1 / ONE_IN) return;
  void strike(child, random, tally);
}

async function strike(child: ChildProcess & { cage?: SharedCage | null }, random: Random, tally: Tally): Promise<void> {
  if (random() < 0.8) await sleep(random() * 3);
  const signal = oneOf<NodeJS.Signals>(random, ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGSTOP', 'SIGINT']);
  // What it leaves behind is stopped by nobody: nobody would let it go on.
  const pids = signal !== 'SIGSTOP' && random() < 0.2 ? members(child) : [child.pid];
  for (const pid of pids) send(pid, signal);
  tally.trouble(signal);
  if (signal !== 'SIGSTOP') return;
  await sleep(random() * 5);
  send(child.pid, oneOf<NodeJS.Signals>(random, ['SIGKILL', 'SIGCONT']));

  function send(pid: number | undefined, name: NodeJS.Signals): void {
    // What has ended may have left its pid to somebody else.
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  }
}

/** One of those that are below an init, too. */
function members({ cage }: { cage?: SharedCage | null }): number[] {
  try {
    return cage?.outer === null ? cage.cgroup.pids() : [];
  } catch {
    return [];
  }
}
