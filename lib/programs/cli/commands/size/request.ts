import type { CagedRequest } from '../run/request';

/** What the command line asks of `memcage size`. */
export interface SizeRequest extends CagedRequest {
  swap: string | undefined;
  /** The exit code with which the command runs well. */
  exitCode: number;
  /** How much more processor time than without a limit it may take: 0.5 is half as much again. */
  slack: number;
  mostRuns: number;
  /** A file, or '-' for the stdin of memcage; undefined for an empty one. */
  input: string | undefined;
  showsOutput: boolean;
  isJson: boolean;
  chart: string | undefined;
}
