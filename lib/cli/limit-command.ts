import { formatSize } from '../size';
import type { LimitCommand } from './arguments';
import { findTarget } from './target';

const SHOWN = ['max', 'swap', 'high', 'low', 'min'] as const;

/** Returns the exit code. */
export function limitCommand({ target, memory }: LimitCommand): number {
  using cgroup = findTarget(target);
  cgroup.setLimits(memory);
  const limits = cgroup.limits();
  const lines = SHOWN.flatMap((name) => {
    const bytes = limits[name];
    return bytes === undefined ? [] : [`  ${name.padEnd(4)}  ${formatSize(bytes)}`];
  });
  process.stdout.write(`${[cgroup.path, ...lines].join('\n')}\n`);
  return 0;
}
