/**
 * A judge for untrusted programs. It limits their memory, time, processes and output, and runs each as its own user,
 * without a network and with a root file system that is read-only except for a small /tmp.
 *
 *   npm run build && npm run build:programs && sudo node out/examples/judge.mjs
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCage, ErrorCode, ExitError, MemcageError, MemoryLimitError, TimeoutError } from 'memcage';
import { exitWith, Report } from './support/report.mts';

const MEMORY = '64M';
/** How slow the machine is. Time limits are multiplied by this. */
const SLOWNESS = Number(process.env['JUDGE_SLOWNESS'] ?? 1);
const CPU_SECONDS = 2 * SLOWNESS;
const WALL_MS = 8000 * SLOWNESS;
const PROCESSES = 8;
const OUTPUT_BYTES = 64 * 1024;
/** Each run has its own uid, because the kernel counts processes by uid, including those that were just killed. */
const UIDS = { first: 100_000, count: 1_000_000 };
// So that another judge running at the same time begins with other uids.
let runs = process.pid * 100;

/** Runs as root in the namespaces; the last command becomes the program. */
const SET_UP = `
  mount -o remount,bind,ro /
  for each in /tmp /dev/shm; do [ ! -d $each ] || mount -t tmpfs -o size=1m,mode=1777,nosuid,nodev box $each; done
  cd /tmp
  exec prlimit --cpu=${CPU_SECONDS} --nproc=${PROCESSES} --nofile=32 --core=0 \\
    setpriv --reuid="$1" --regid="$1" --clear-groups --bounding-set=-all --no-new-privs \\
    perl /dev/fd/3`;

interface Verdict {
  verdict: string;
  /** The most processes that were seen at once. */
  processes: number;
}

async function judge(source: string, input: string, answer: string): Promise<Verdict> {
  const cage = createCage({ memory: MEMORY });
  const directory = mkdtempSync(join(tmpdir(), 'memcage-example-'));
  const submission = join(directory, 'submission');
  writeFileSync(submission, source, { mode: 0o644 });
  const fd = openSync(submission, 'r');
  const uid = UIDS.first + (runs++ % UIDS.count);
  let processes = 0;
  const timer = setInterval(() => {
    processes = Math.max(processes, cage.cgroup.procs().length);
  }, 20);
  try {
    const result = cage.run('sh', ['-e', '-c', SET_UP, 'judge', String(uid)], {
      input,
      timeout: WALL_MS,
      maxBuffer: OUTPUT_BYTES,
      stdio: ['pipe', 'pipe', 'pipe', fd],
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
      namespaces: { pid: { init: true }, mount: true, net: true, ipc: true, uts: { hostname: 'judge' } },
    });
    const verdict = await result.then(({ stdout }) => compare(stdout, answer), explain);
    return { verdict, processes };
  } finally {
    clearInterval(timer);
    closeSync(fd);
    rmSync(directory, { recursive: true });
    await cage.close();
  }
}

function compare(stdout: string, answer: string): string {
  return stdout.trim() === answer ? 'accepted' : `wrong answer: ${stdout.trim().slice(0, 60)}`;
}

function explain(error: unknown): string {
  if (error instanceof MemoryLimitError) return 'memory limit';
  if (error instanceof TimeoutError) return 'time limit';
  if (error instanceof MemcageError && error.code === ErrorCode.MAX_BUFFER) return 'output limit';
  if (!(error instanceof ExitError)) throw error;
  const { exitCode, signal, stderr } = error.outcome;
  // The limit on processor time: the soft limit sends SIGXCPU, the hard limit SIGKILL.
  if (signal === 'SIGXCPU' || signal === 'SIGKILL') return 'time limit';
  return `runtime error: ${signal ?? `exit code ${exitCode}`}, ${String(stderr).trim().split('\n').at(-1)?.slice(0, 60)}`;
}

const SUM = 'my $sum = 0; $sum += $_ while <STDIN>; print "$sum\\n";';
const CONNECT = 'use IO::Socket; print IO::Socket::INET->new("192.0.2.1:80") ? "connected" : $!;';

const submissions: [name: string, source: string, expected: RegExp][] = [
  ['a right one', SUM, /^accepted$/],
  ['a wrong one', 'print 16', /^wrong answer: 16$/],
  ['one that fails', 'die "broken\\n"', /^runtime error: exit code \d+, broken$/],
  ['one that takes memory', 'my $all = "x" x (1 << 28)', /^memory limit$/],
  ['one that never ends', '1 while 1', /^time limit$/],
  ['one that sleeps', 'sleep 60', /^time limit$/],
  // The kernel takes time to free the memory of refused forks, so a storm of them may fill the memory first.
  ['a fork bomb', 'while (1) { fork }', /^(time|memory) limit$/],
  [
    'one that counts forks',
    'my $n = 1; while (defined(my $pid = fork)) { $pid ? $n++ : sleep 60 } print $n',
    /^wrong answer: 8$/,
  ],
  ['one that prints', 'print "x" x 1000 while 1', /^output limit$/],
  ['one that connects', CONNECT, /^wrong answer: Network is unreachable$/],
  ['one that writes', 'open(my $file, ">", "/written") or die "$!\\n"', /^runtime error: .*Read-only file system$/],
  ['one that kills all', 'kill 9, -1; print getppid', /^wrong answer: 1$/],
];

async function main(): Promise<number> {
  const report = new Report();
  report.title(`${MEMORY}, ${CPU_SECONDS} s of the processor, ${WALL_MS / 1000} s in all, ${PROCESSES} processes`);
  const queue = submissions.entries();
  const verdicts = new Map<number, Verdict>();
  const lane = async (): Promise<void> => {
    for (const [index, [, source]] of queue) verdicts.set(index, await judge(source, '1\n2\n3\n4\n5\n', '15'));
  };
  await Promise.all([lane(), lane()]);
  for (const [index, [name, , expected]] of submissions.entries()) {
    const { verdict = 'lost', processes = 0 } = verdicts.get(index) ?? {};
    // The init of the namespace counts as one more.
    report.check(name, verdict, expected.test(verdict) && processes <= PROCESSES + 1);
  }
  return report.end();
}

exitWith(main());
