import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { ExitError, LimitError, type RootBind, RunError, type RunOptions, run, type Size } from 'memcage';

/** How slow the machine is: limits of the time that a program may take are multiplied by this. */
const SLOWNESS = Number(process.env['JUDGE_SLOWNESS'] ?? 1);
const times = (cpu: number, stall: number, timeout: number) => {
  const ms = (time: number): number => Math.round(time * SLOWNESS);
  return { cpuTimeMs: ms(cpu), stall: { limitMs: ms(stall), action: 'kill' as const }, timeout: ms(timeout) };
};

type Limits = RunOptions & { memory: Size };
const tmp = (size: Size) => ({ tmpfs: [{ path: '/tmp', size }] });

/** What a program may use, beside what `untrusted` stands for. */
export const PROGRAM = {
  ...{ memory: '64M' as const, pids: 10, cpu: 1, ...times(1500, 600, 10_000) },
  ...{ rlimits: { fsize: '4M' as const, nofile: 64 }, root: tmp('8M') },
};
/** Node has 11 threads before it does anything. */
const NODE: Limits = { ...PROGRAM, memory: '128M', pids: 20 };
/** The program is its output. */
const COMPILER: Limits = {
  ...{ memory: '256M', pids: 16, ...times(2000, 3000, 20_000), maxBuffer: 8 << 20 },
  ...{ rlimits: { fsize: 'max' }, root: tmp('max') },
};
const GCC = ['/bin/sh', '-c', 'gcc -O1 -w -static -pthread -o /tmp/program /submission.c && cat /tmp/program'];

/** By the extension of a submission. `needs` is what this machine must have. */
const languages: Readonly<Record<string, { needs: string; limits: Limits; command: string[] }>> = {
  '.c': { needs: '/usr/bin/gcc', limits: PROGRAM, command: ['/submission'] },
  '.py': { needs: '/usr/bin/python3', limits: PROGRAM, command: ['/usr/bin/python3', '-I', '/submission'] },
  '.js': { needs: process.execPath, limits: NODE, command: [process.execPath, '/submission'] },
};

/** What the machine lacks to judge this file; undefined if nothing. */
export function missingFor(file: string): string | undefined {
  const { needs = file } = languages[extname(file)] ?? {};
  return existsSync(needs) ? undefined : needs;
}

export interface Problem {
  input: string;
  answer: string;
  /** A file that every program may read, as /data. */
  data: string;
}

/** How the names of directories for submissions begin. */
export const DIRECTORY = `memcage-judge-${process.pid}-`;

/** What a submission makes of a problem: a verdict on one line, safe to print. */
export async function judge(file: string, source: string, { input, answer, data }: Problem): Promise<string> {
  const language = languages[extname(file)];
  if (language === undefined) throw new Error(`Nobody knows the language of ${file}`);
  const directory = mkdtempSync(join(tmpdir(), DIRECTORY));
  const place = (content: string | Buffer, target: string): RootBind => {
    writeFileSync(join(directory, target), content);
    chmodSync(join(directory, target), 0o755);
    return { source: join(directory, target), target, readOnly: true };
  };
  try {
    let program: string | Buffer = source;
    if (extname(file) === '.c') {
      const { error, outcome } = await caged(GCC, COMPILER, [place(source, '/submission.c')]);
      if (error !== undefined) return notCompiled(error);
      program = outcome.stdout;
    }
    const seen = [place(program, '/submission'), { source: data, target: '/data', readOnly: true }];
    const { error, outcome } = await caged(language.command, language.limits, seen, input);
    const output = String(outcome.stdout).trim();
    if (error === undefined && output === answer) return 'accepted';
    const { pids } = outcome.limits;
    // It may have made do without, and a storm of refused forks may reach any other limit first.
    if ((pids?.limitHits ?? 0) > 0) return `process limit: more than ${pids?.limit}`;
    return error === undefined ? onOneLine(`wrong answer: ${output}`) : explain(error);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function caged([file = '', ...args]: string[], limits: Limits, binds: RootBind[], input = '') {
  const how = { ...limits, untrusted: true, root: { ...limits.root, binds }, input, encoding: 'buffer' } as const;
  try {
    return { outcome: await run(file, args, how) };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { error, outcome: error.outcome };
  }
}

/** memcage's own words for a limit: it is never guessed from how the program ended. */
const VERDICTS: Readonly<Record<string, string>> = {
  ...{ heap: 'memory limit: the JavaScript heap', stall: 'stalled', cpuTime: 'time limit' },
  // rlimits.cpu is memcage's own, should it be stopped itself.
  ...{ 'rlimits.cpu': 'time limit', 'rlimits.fsize': 'file limit' },
  ...{ ERR_MEMCAGE_TIMEOUT: 'wall limit', ERR_MEMCAGE_MAX_BUFFER: 'output limit' },
};

function explain(error: RunError): string {
  const { oom, signal, exitCode, stderr } = error.outcome;
  const limit = error instanceof LimitError ? error.limit : error.code;
  const verdict = limit === 'memory' ? `memory limit: cause ${oom?.cause}` : VERDICTS[limit];
  if (verdict !== undefined) return verdict;
  if (!(error instanceof ExitError)) throw error;
  const lastLine = String(stderr).trim().split('\n').at(-1) ?? '';
  return onOneLine(`runtime error: ${signal ?? `exit code ${exitCode}`}${lastLine === '' ? '' : `, ${lastLine}`}`);
}

function notCompiled(error: RunError): string {
  const verdict = explain(error);
  if (!verdict.startsWith('runtime error')) return `compile limit: ${verdict}`;
  const [line = verdict] = /.*error: .*/.exec(String(error.outcome.stderr)) ?? [];
  return onOneLine(`compile error: ${line}`);
}

/** A program may write whatever it likes, such as control sequences for the terminal. */
function onOneLine(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]+/g, ' ');
  return printable.trim().slice(0, 180);
}
