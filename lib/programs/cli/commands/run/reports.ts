import type { CgroupVersion } from '../../../../cgroup';
import { isPage } from '../../../../common/drawing/document';
import { Timeline } from '../../../../common/drawing/timeline';
import type { Cage, Cgroup, MemoryReport, Outcome } from '../../../../index';
import type { ChartData, Point, Rows } from '../../chart/chart-data';
import { renderHtml, renderSvg } from '../../chart/memory-chart';
import { complain, toJson } from '../../text/output';
import { colorsOf } from '../../text/style';
import type { CagedRequest } from './caged';
import { type Recording, record } from './recording';
import { openReport, type ReportFile } from './report-file';
import { endingOf, renderSummary, summaryRows } from './summary';

/** What the command line asks of `memcage run`. */
export interface RunRequest extends CagedRequest {
  /** A file, or an fd. */
  outcome: string | number | undefined;
  /** A file. */
  chart: string | undefined;
  summary: boolean;
  dieWithParent: boolean;
}

/** What memcage tells about a run besides its exit code: the files, which are open until memcage ends, and the summary. */
export class Reports {
  readonly #request: RunRequest;
  readonly #outcome: ReportFile | undefined;
  readonly #chart: ReportFile | undefined;
  #recording: Recording | undefined;
  #version: CgroupVersion | undefined;
  #isComplete = true;

  /** Opens all files now, so that a mistyped path can't lose the report. Throws if one can't be opened. */
  constructor(request: RunRequest) {
    this.#request = request;
    const { outcome, chart } = request;
    this.#outcome = outcome === undefined ? undefined : openReport('outcome', outcome);
    this.#chart = chart === undefined ? undefined : openReport('chart', chart);
  }

  /** Whether the outcome should have `memory.details`. */
  get wantsDetails(): boolean {
    return this.#request.summary || this.#chart !== undefined;
  }

  /** False once a file could not be written. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Called once the command runs, or failed to start.
   *
   * @param cage null: there was no fd for it
   * @param startMs when the command was started, as performance.now()
   */
  started(cage: Cage<Cgroup | null> | null, { runs, startMs }: { runs: boolean; startMs: number }): void {
    // A polled cage has no cgroup to be looked at.
    if (cage === null || cage.cgroup === null) return;
    this.#version = cage.cgroup.version;
    if (runs && this.wantsDetails) this.#recording = record(cage, cage.cgroup, startMs);
  }

  /** Called if `spawn()` threw, so that there is no outcome. */
  failed(error: Error, durationMs: number): void {
    const limits = { pids: null, cpu: null, cpuTime: null };
    const unknown = {
      oom: null,
      enforcedBy: null,
      nodeHeap: null,
      memory: null,
      stalled: null,
      evidence: null,
      cpu: null,
      faults: null,
    };
    this.#writeOutcome({ exitCode: null, signal: null, ...unknown, limits, durationMs, error });
  }

  /** Writes the files. Returns the text for stderr. */
  async ended(outcome: Outcome): Promise<string> {
    this.#writeOutcome(outcome);
    const failure = await this.#recording?.stop(outcome.durationMs);
    const told = failure === undefined ? '' : `memcage: memory could not be watched to the end: ${failure.message}\n`;
    if (!this.wantsDetails) return told;
    const mostProcesses = this.#recording?.mostProcesses ?? 0;
    const rows = summaryRows(outcome, { version: this.#version, mostProcesses });
    if (this.#chart !== undefined) this.#writeChart(chartData(this.#request, outcome, this.#recording), rows);
    return this.#request.summary ? told + renderSummary(this.#request.file, rows, colorsOf(process.stderr)) : told;
  }

  #writeOutcome(outcome: Outcome<MemoryReport | null>): void {
    this.#write(this.#outcome, toJson(outcome));
  }

  #writeChart(data: ChartData, rows: Rows): void {
    this.#write(this.#chart, isPage(this.#chart?.name ?? '') ? renderHtml(data, rows) : renderSvg(data));
  }

  /** Reports a failure and goes on: a full disk, or a directory that is gone, must not cost the rest of the report. */
  #write(file: ReportFile | undefined, text: string): void {
    try {
      file?.write(text);
    } catch (error) {
      this.#isComplete = false;
      complain(`can't write '${file?.name}': ${(error as Error).message}`);
    }
  }
}

function chartData({ file, args }: RunRequest, outcome: Outcome, recording: Recording | undefined): ChartData {
  const { memory, cpu, oom, durationMs, exitCode } = outcome;
  const timeline = recording?.timeline ?? new Timeline<Point>();
  const seen = timeline.kills.reduce((sum, { kills }) => sum + kills, 0);
  // Add the kills that were counted only at the end.
  if (oom !== null && oom.kills > seen) timeline.addKills({ atMs: durationMs, kills: oom.kills - seen });
  return {
    command: [file, ...args],
    ending: endingOf(outcome),
    isGood: exitCode === 0 && oom === null,
    durationMs,
    cpuMs: cpu === null ? null : cpu.userMs + cpu.systemMs,
    limitBytes: memory.limitBytes,
    highBytes: memory.details?.highBytes ?? Number.POSITIVE_INFINITY,
    peakBytes: memory.peakBytes,
    points: timeline.points,
    gaps: timeline.gaps,
    hits: timeline.hits,
    kills: timeline.kills,
    killedAtLimit: oom?.cause === 'limit',
    samples: timeline.samples,
    intervalMs: timeline.intervalMs,
  };
}
