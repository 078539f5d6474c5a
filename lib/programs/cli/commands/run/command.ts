import { Cgroup, type CgroupVersion } from '../../../../cgroup';
import { type MemoryLimits, parseSize, type Size } from '../../../../index';
import { COMMAND_EXIT_CODES, flag, type Options, type Values, valued } from '../../command';
import { defineCommand } from '../../define-command';
import { checkLimits, given, swapNeeds, UsageError } from '../../usage';
import { CAGED, cagedOf, MEMORY, SWAP } from './caged';
import type { RunRequest } from './reports';
import { startAndWait } from './start';

const OPTIONS = {
  memory: MEMORY.valued('SIZE', 'hard limit; the kernel kills what exceeds it', { short: 'm' }),
  swap: SWAP,
  high: MEMORY.valued('SIZE', 'throttle and reclaim above it (cgroup v2)'),
  'oom-group': MEMORY.flag('an OOM kill takes all of the cage (cgroup v2)'),
  ...CAGED,
  keep: flag('wait for what COMMAND leaves running, instead of killing it'),
  json: valued('FILE', 'write the outcome to FILE as JSON', { suggest: 'file' }),
  summary: flag('print a table on stderr at the end: peak, limit, time, page faults, OOM kills ...'),
  chart: valued('FILE', 'draw memory over time against the limit, to FILE.svg or FILE.html', { suggest: 'file' }),
} as const satisfies Options;

export const run = defineCommand({
  name: 'run',
  synopsis: '[--] COMMAND [ARG]...',
  summary: 'run a command in a memory cage',
  details: [
    'Runs COMMAND in a memory cage: a cgroup with a memory limit, and Linux namespaces of its own. Options ' +
      'end at the first word that is not an option; the rest belongs to COMMAND. If memory kills something, one ' +
      'line on stderr says so.',
  ],
  operands: { name: 'command', least: 1, endOptions: true, suggest: 'command' },
  options: OPTIONS,
  exitCodes: COMMAND_EXIT_CODES,
  examples: [
    ['memcage run -m 100M node server.js', 'a server under 100 MiB'],
    ['memcage run -m 1G --json outcome.json -- make -j8', 'a build; outcome.json says how it ended'],
    ['memcage run -m 1G --summary --chart build.svg make -j8', 'how much it needs, as figures and as a picture'],
    ['memcage run -m 1G --pids 64 --cpu 1.5 -- npm test', 'at most 64 processes, on one and a half processors'],
    [
      'memcage run --memory 1G --stall 30s -- make',
      'a build that may get nowhere for half a minute, when it is short of memory',
    ],
    ['memcage run --cpu-time 10m -- make test', 'tests that may compute for ten minutes, all processes together'],
    ['memcage run --rlimit nofile=64 --nice 5 -- make', 'a build that gives way to others, with few open files'],
    ['memcage run -m 64M --pid --mount --net sh', 'a shell that sees only its own processes, and no network'],
    [
      'memcage run -m 1G --read-only --tmpfs /tmp --bind .:/mnt --cwd /mnt -- make',
      'a build that can write only to this directory',
    ],
  ],
  run: (values, operands) => startAndWait(requestOf(values, operands)),
});

function requestOf(values: Values<typeof OPTIONS>, operands: readonly string[]): RunRequest {
  const { swap, high, 'oom-group': oomGroup } = values;
  const memory = given({ max: values.memory, swap, high, oomGroup });
  checkMemory(memory);
  return {
    ...cagedOf(values, operands),
    memory,
    keepDescendants: values.keep === true,
    json: values.json,
    summary: values.summary === true,
    chart: values.chart,
  };
}

function checkMemory(memory: MemoryLimits): void {
  checkLimits(memory, { max: 'memory' });
  const { max = 'max', swap } = memory;
  if (swap !== undefined && isLimit(swap) && !isLimit(max) && cgroupVersion() === 1) {
    throw new UsageError(swapNeeds('--memory (-m)'));
  }
}

function isLimit(size: Size): boolean {
  return parseSize(size) < Number.POSITIVE_INFINITY;
}

function cgroupVersion(): CgroupVersion | undefined {
  const [root] = Cgroup.roots();
  root?.close();
  return root?.version;
}
