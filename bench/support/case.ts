/** One line of the table. */
export interface Row {
  measure: string;
  /** What was measured, for people. */
  value: string;
  /** The figure that is compared with the bound, where there is one. */
  figure?: number;
  /** Largest figure that is good enough. */
  bound?: number;
}

export interface Case {
  name: string;
  /** Runs in a process of its own, so that no case changes the size of another's parent. */
  run(options: { quick: boolean }): Promise<Row[]>;
}
