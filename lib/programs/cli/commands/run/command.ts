import { COMMAND_EXIT_CODES, flag, type Options, section, type Values, valued } from '../../command';
import { defineCommand } from '../../define-command';
import type { Flags } from '../../flags';
import { CHART_FILE, FILE_OR_FD, oneOf } from '../../kinds';
import { UsageError } from '../../usage';
import { CAGED, cagedOf } from './caged';
import { STALLS, TIMEOUT } from './limits';
import { EVIDENCE, MEMORY, MEMORY_LIMITS } from './memory';
import type { RunRequest } from './reports';
import { startAndWait } from './start';

const UNTRUSTED = section('A COMMAND that nobody trusts (each part can be changed by its own option)');

const OPTIONS = {
  ...MEMORY_LIMITS,
  enforce: MEMORY.valued(
    oneOf('WHAT', ['kernel', 'polled', 'none']),
    'the weakest that may hold the limits: kernel, polled, none',
    {
      sets: 'enforce',
      otherwise: 'kernel',
    },
  ),
  ...EVIDENCE,
  untrusted: UNTRUSTED.flag("it finds no files but the system's, no network, no rights, and is ended after a minute", {
    sets: 'untrusted',
  }),
  'share-net': UNTRUSTED.flag('it has the network of this machine all the same'),
  ...CAGED,
  ...STALLS,
  ...TIMEOUT,
  'keep-descendants': flag('wait for what COMMAND leaves running, instead of killing it', { sets: 'keepDescendants' }),
  'die-with-parent': flag(
    "kill everything when what started memcage ends: its parent, and all above up to the client that made memcage's stdin " +
      'and stdout',
  ),
  outcome: valued(FILE_OR_FD, 'write the outcome as JSON to FILE, or to the fd N that memcage was given'),
  summary: flag('print a table on stderr at the end: peak, limit, time, page faults, OOM kills ...'),
  chart: valued(CHART_FILE, 'draw memory over time against the limit, to FILE.svg or FILE.html'),
} as const satisfies Options;

export const run = defineCommand({
  name: 'run',
  synopsis: '[--] COMMAND [ARG]...',
  summary: 'run a command in a memory cage',
  details: [
    'Runs COMMAND in a memory cage: a cgroup with the limits below, and with Linux namespaces of its own if you ' +
      'ask for them. Options end at the first word that is not an option; the rest belongs to COMMAND. If memory ' +
      'kills something, one line on stderr says so.',
  ],
  operands: { name: 'command', least: 1, endOptions: true, suggest: 'command' },
  options: OPTIONS,
  elsewhere: { '--json': '--outcome FILE writes the outcome as JSON' },
  exitCodes: COMMAND_EXIT_CODES,
  examples: [
    ['memcage run -m 100M node server.js', 'a server under 100 MiB'],
    ['memcage run -m 1G --outcome outcome.json -- make -j8', 'a build; outcome.json says how it ended'],
    ['memcage run -m 500M --die-with-parent -- npx some-mcp-server', 'a server that never outlives its client'],
    ['memcage run -m 1G --summary --chart build.svg make -j8', 'how much it needs, as figures and as a picture'],
    ['memcage run -m 1G --pids 64 --cpu 1.5 -- npm test', 'at most 64 processes, on one and a half processors'],
    [
      'memcage run --memory 1G --stall 30s -- make',
      'a build that may get nowhere for half a minute, when it is short of memory',
    ],
    ['memcage run --cpu-time 10m -- make test', 'tests that may compute for ten minutes, all processes together'],
    [
      'memcage run -m 1G --evidence evidence -- npm test',
      'tests; a report below evidence/ says what filled the memory',
    ],
    ['memcage run --timeout 2m --kill-signal SIGINT -- make test', 'tests that are interrupted after two minutes'],
    ['memcage run --rlimit nofile=64 --nice 5 -- make', 'a build that gives way to others, with few open files'],
    [
      'memcage run --untrusted -m 200M --bind .:/job:ro --cwd /job -- python3 x.py',
      'a program that you do not trust, which finds this directory at /job',
    ],
    ['memcage run -m 64M --pid --mount --net sh', 'a shell that sees only its own processes, and no network'],
    [
      'memcage run -m 1G --read-only --tmpfs /tmp --bind .:/mnt --cwd /mnt -- make',
      'a build that can write only to this directory',
    ],
  ],
  run: (values, operands, flags) => startAndWait(requestOf(values, operands, flags)),
});

function requestOf(values: Values<typeof OPTIONS>, operands: readonly string[], flags: Flags): RunRequest {
  const { outcome, chart, summary = false, 'die-with-parent': dieWithParent = false } = values;
  if (values['kill-signal'] !== undefined && values.timeout === undefined) {
    throw new UsageError('--kill-signal needs --timeout');
  }
  if (values.untrusted === true && values.memory === undefined) {
    throw new UsageError('--untrusted needs a limit of memory, as in -m 512M');
  }
  if (values['evidence-at'] !== undefined && values.evidence === undefined) {
    throw new UsageError('--evidence-at needs --evidence DIR');
  }
  if (values.evidence !== undefined && values.memory === undefined) {
    throw new UsageError('--evidence needs a limit of memory, as in -m 512M');
  }
  const caged = cagedOf(OPTIONS, values, operands, flags);
  if (values['share-net'] === true) {
    if (values.untrusted !== true)
      throw new UsageError('--share-net needs --untrusted, without which there is no other network');
    caged.child.namespaces = { ...caged.child.namespaces, net: false };
  }
  return { ...caged, outcome, chart, summary, dieWithParent };
}
