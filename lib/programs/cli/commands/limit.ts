import { printable } from '../../../common/text/names';
import { formatSize } from '../../../index';
import { FAILED_TEXT, flag, valued } from '../command';
import { defineCommand } from '../define-command';
import { findTarget, oneTarget, TARGET } from '../target';
import { toJson } from '../text/output';
import { asUsage, checkLimits, swapNeeds, UsageError } from '../usage';

const SHOWN = ['max', 'swap', 'high', 'low', 'min'] as const;

export const limit = defineCommand({
  name: 'limit',
  synopsis: TARGET,
  summary: 'change the limits of a cgroup',
  details: [
    'Changes the limits that you give, leaves the others, and prints all limits then in force. Sizes: bytes, ' +
      "or with K, M, G, T; 'max' is no limit.",
  ],
  operands: oneTarget(1),
  options: {
    max: valued('SIZE', 'hard limit; the kernel kills what goes beyond it', { short: 'm' }),
    swap: valued('SIZE', 'swap on top of it'),
    high: valued('SIZE', 'throttle and reclaim above it (cgroup v2)'),
    low: valued('SIZE', 'reclaim below it only when nothing else can be (cgroup v2)'),
    min: valued('SIZE', 'never reclaim below it (cgroup v2)'),
    json: flag('print the limits as JSON, in bytes'),
  },
  exitCodes: [['0', 'the limits are in force'], FAILED_TEXT],
  examples: [
    ['memcage limit my-service.service --max 200M', 'a systemd unit, by its name'],
    ['memcage limit 4711 --max 1G --swap 0', 'the cgroup of process 4711: 1 GiB, without swap'],
    ['memcage limit /sys/fs/cgroup/build --max max', 'no limit any more'],
  ],
  run({ json, ...memory }, [target]) {
    if (Object.keys(memory).length === 0) throw new UsageError('limit needs a limit');
    checkLimits(memory, { max: 'max' });
    using cgroup = findTarget(target);
    // What can still be wrong depends on the limits in force.
    asUsage(
      () => cgroup.setLimits(memory),
      () => swapNeeds('--max (-m)'),
    );
    const { path } = cgroup;
    const limits = cgroup.limits();
    const lines = SHOWN.flatMap((name) => {
      const bytes = limits[name];
      return bytes === undefined ? [] : [`  ${name.padEnd(4)}  ${formatSize(bytes)}`];
    });
    process.stdout.write(json === true ? toJson({ path, limits }) : `${[printable(path), ...lines].join('\n')}\n`);
    return 0;
  },
});
