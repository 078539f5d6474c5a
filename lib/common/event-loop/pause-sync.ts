const cell = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread. */
export function pauseSync(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}
