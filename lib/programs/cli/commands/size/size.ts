import { basename } from 'node:path';
import { formatDuration } from '../../../../common/text/duration';
import { FAILED } from '../../command';
import { complain } from '../../text/output';
import { exitCodeOf } from '../run/signals';
import { reportStartError } from '../run/start-error';
import { type Baseline, baselineOf } from './baseline';
import { inputOf } from './input';
import { answerOf, complaintOf, DOUBT, judgeTrial, wordsOf } from './judgement';
import { about, tellWhile } from './progress';
import { type JudgedTrial, limitText, peakText, resultOf, type SizeResult } from './result';
import { type Answer, search, USUAL_RUNS } from './search';
import { runTrial, type SizeRequest, type Trial, type TrialBounds } from './trial';

/** How many runs have no limit, if they are short: with a single one, the noise of the machine counts for more. */
const FREE_RUNS = 3;
/** What part of the time such a run may take. */
const SHORT = 1 / 20;
/** How many runs without a limit may follow, for comparison. */
const MOST_CONTROLS = 2;
/** Node's heap gets half of the limit. So it needs more than it has used without one. */
const NODE_FACTOR = 1.4;

const NO_LIMIT = { limitBytes: Number.POSITIVE_INFINITY } as const;

/**
 * Returns what was found, or the exit code if the command does not run well without a limit either. Tells on stderr of what happens, for those
 * who wait.
 */
export async function sizeOf(request: SizeRequest): Promise<SizeResult | number> {
  const openInput = await inputOf(request.input);
  const startMs = performance.now();
  const leftMs = (): number => request.timeMs - (performance.now() - startMs);
  const program = basename(request.file);
  complain(
    `runs ${program} without a limit, then with smaller and smaller ones, for at most ${about(request.timeMs)}, or some five runs if they take longer`,
  );
  const run: Run = async (what, bounds) => {
    const ended = request.showsOutput ? () => {} : tellWhile(what);
    try {
      return await runTrial(request, bounds, openInput);
    } finally {
      ended();
    }
  };
  const free = await runFree(request, run);
  if (typeof free === 'number') return free;
  const trials = new Trials(request, run, free);
  const { durationMs, programBytes, peakBytes } = trials.baseline;
  const { enough, all } = USUAL_RUNS;
  const runs = Math.max(enough, Math.min(all, Math.floor(leftMs() / durationMs)));
  complain(
    `without a limit ${formatDuration(durationMs)}, peak ${peakText(trials.baseline)}; ` +
      `about ${runs} more runs of about ${about(durationMs)}: about ${about(runs * durationMs)}`,
  );
  const startBytes = programBytes * (/^node(?:js)?$/.test(program) ? NODE_FACTOR : 1);
  const hasTime = (): boolean => leftMs() >= durationMs;
  const found = await search({ startBytes, peakBytes: peakBytes ?? 0, hasTime }, (limitBytes) => trials.at(limitBytes));
  return resultOf([request.file, ...request.args], trials.baseline, trials.all, found);
}

/** Runs the command once; `what` is told meanwhile. */
type Run = (what: string, bounds: TrialBounds) => Promise<Trial>;

/** The runs of a command so far. */
class Trials {
  readonly all: JudgedTrial[];
  readonly #free: [Trial, ...Trial[]];
  #controls = MOST_CONTROLS;

  constructor(
    private readonly request: SizeRequest,
    private readonly run: Run,
    free: readonly [Trial, ...Trial[]],
  ) {
    this.#free = [...free];
    this.all = free.map((trial) => ({ ...trial, judgement: 'well' }));
  }

  get baseline(): Baseline {
    const [first, ...others] = this.#free;
    return baselineOf(first, others, this.request.slack);
  }

  async at(limitBytes: number): Promise<Answer> {
    const { cutMs, stallMs, allowed } = this.baseline;
    const ends = { cutMs, stallMs, refaults: allowed.refaults, cpuMs: DOUBT * allowed.cpuMs };
    const trial = await this.run(limitText({ limitBytes }), { limitBytes, ...ends });
    if (answerOf(judgeTrial(trial, this.baseline), trial, this.baseline).isDoubtful) await this.#control();
    const { baseline } = this;
    const judgement = judgeTrial(trial, baseline);
    this.all.push({ ...trial, judgement });
    complain(`${limitText(trial)}: ${wordsOf(judgement, trial)}, ${formatDuration(trial.durationMs)}`);
    return answerOf(judgement, trial, baseline);
  }

  /** Has the machine become slower since the first runs? Then it takes more time without a limit too. */
  async #control(): Promise<void> {
    if (this.#controls === 0) return;
    this.#controls -= 1;
    const control = await this.run('no limit, for comparison', NO_LIMIT);
    complain(`no limit: ${formatDuration(control.durationMs)}, once more, for comparison`);
    const isWell = complaintOf(control, this.request.exitCode) === undefined;
    if (isWell) this.#free.push(control);
    this.all.push({ ...control, judgement: isWell ? 'well' : judgeTrial(control, this.baseline) });
  }
}

async function runFree(request: SizeRequest, run: Run): Promise<readonly [Trial, ...Trial[]] | number> {
  let trials: [Trial, ...Trial[]] | undefined;
  for (let count = 0; count < FREE_RUNS; count += 1) {
    const trial = await run('no limit', { ...NO_LIMIT, isSampled: count === 0 });
    if (trial.error !== undefined) return reportStartError(request, trial.error);
    const complaint = complaintOf(trial, request.exitCode);
    if (complaint !== undefined) return refuse(request, trial, complaint);
    trials = trials === undefined ? [trial] : [...trials, trial];
    if (trial.durationMs > SHORT * request.timeMs) break;
  }
  return trials ?? FAILED;
}

function refuse({ file, exitCode: wanted, showsOutput }: SizeRequest, trial: Trial, complaint: string): number {
  const code = trial.exitCode ?? (trial.signal === null ? FAILED : exitCodeOf(trial.signal));
  const cures = [
    ...(trial.exitCode === null ? [] : [`--exit-code ${code} if it runs well so`]),
    ...(showsOutput ? [] : ['--show-output shows what it says']),
  ];
  const cure = cures.length === 0 ? '' : `: ${cures.join('; ')}`;
  complain(`${file} does not run well without a limit either, ${complaint}${cure}`);
  // The command was to end with another code than 0, and did not.
  return code === 0 && wanted !== 0 ? FAILED : code;
}
