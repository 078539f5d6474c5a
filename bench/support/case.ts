/** One line of the table. */
export interface Row {
  measure: string;
  /** What was measured, for people. */
  value: string;
  /** The figure to compare with the bound, if there is one. */
  figure?: number;
  /** The largest figure that is good enough. */
  bound?: number;
  /** Where docs/reference/speed.md says what it is: the first cell of a table's row, and which of the figures there, with slashes between. */
  claim?: readonly [row: string, index: number];
}

export interface Case {
  name: string;
  /** Runs in its own process, so that no case changes the size of another's parent. */
  run(options: { quick: boolean }): Promise<Row[]>;
}
