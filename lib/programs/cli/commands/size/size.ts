import { formatSize } from '../../../../index';
import { FAILED } from '../../command';
import { formatDuration } from '../../text/duration';
import { complain } from '../../text/output';
import { exitCodeOf } from '../run/signals';
import { reportStartError } from '../run/start-error';
import { type Baseline, baselineOf } from './baseline';
import { inputOf, type OpenInput } from './input';
import { answerOf, complaintOf, judgeTrial, wordsOf } from './judgement';
import { type JudgedTrial, limitText, resultOf, type SizeResult } from './result';
import { type Answer, search } from './search';
import { runTrial, type SizeRequest, type Trial } from './trial';

/** A command that takes longer is not run a third time without a limit. */
const LONG_MS = 60_000;
/** How many runs have no limit. */
const FREE_RUNS = 3;
/** How many runs without a limit may follow, for comparison. */
const MOST_CONTROLS = 2;

/**
 * Returns what was found, or the exit code if the command does not run well without a limit either. Tells on stderr of what happens, for those
 * who wait.
 */
export async function sizeOf(request: SizeRequest): Promise<SizeResult | number> {
  const openInput = await inputOf(request.input);
  const free = await runFree(request, openInput);
  if (typeof free === 'number') return free;
  const left = request.mostRuns - free.length;
  const controls = left > 2 * MOST_CONTROLS ? MOST_CONTROLS : 0;
  const trials = new Trials(request, openInput, free, controls);
  const { durationMs, peakBytes, programBytes, cutMs } = trials.baseline;
  complain(
    `without a limit ${formatDuration(durationMs)}, peak ${formatSize(peakBytes)}; up to ${left} runs follow, ` +
      `each of ${formatDuration(cutMs)} at most`,
  );
  const found = await search({ programBytes, peakBytes, mostRuns: left - controls }, (limitBytes) =>
    trials.at(limitBytes),
  );
  return resultOf([request.file, ...request.args], trials.baseline, trials.all, found);
}

/** The runs of a command so far. */
class Trials {
  readonly all: JudgedTrial[];
  readonly #free: [Trial, ...Trial[]];
  #controls: number;

  constructor(
    private readonly request: SizeRequest,
    private readonly openInput: OpenInput,
    free: readonly [Trial, ...Trial[]],
    controls: number,
  ) {
    this.#free = [...free];
    this.#controls = controls;
    this.all = free.map((trial) => ({ ...trial, judgement: 'well' }));
  }

  get baseline(): Baseline {
    const [first, ...others] = this.#free;
    return baselineOf(first, others, this.request.slack);
  }

  async at(limitBytes: number): Promise<Answer> {
    const { cutMs, stallMs } = this.baseline;
    const trial = await runTrial(this.request, { limitBytes, cutMs, stallMs }, this.openInput);
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
    const control = await runTrial(this.request, { limitBytes: Number.POSITIVE_INFINITY }, this.openInput);
    complain(`no limit: ${formatDuration(control.durationMs)}, once more, for comparison`);
    const isWell = complaintOf(control, this.request.exitCode) === undefined;
    if (isWell) this.#free.push(control);
    this.all.push({ ...control, judgement: isWell ? 'well' : judgeTrial(control, this.baseline) });
  }
}

async function runFree(request: SizeRequest, openInput: OpenInput): Promise<readonly [Trial, ...Trial[]] | number> {
  let trials: [Trial, ...Trial[]] | undefined;
  for (let run = 0; run < FREE_RUNS; run += 1) {
    const trial = await runTrial(request, { limitBytes: Number.POSITIVE_INFINITY, isSampled: run === 0 }, openInput);
    if (trial.error !== undefined) return reportStartError(request, trial.error);
    const complaint = complaintOf(trial, request.exitCode);
    if (complaint !== undefined) return refuse(request, trial, complaint);
    trials = trials === undefined ? [trial] : [...trials, trial];
    complain(`no limit: ${formatDuration(trial.durationMs)}`);
    if (run > 0 && trial.durationMs > LONG_MS) break;
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
