import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

const MARK = 'memcage bench: what time is it?';

/**
 * The kernel's log as a clock of OOM kills: it needs no reader that runs meanwhile. A thread that looks at the counters
 * wakes a core so often that the scheduler no longer moves to it what waits behind the kernel's report on the other one.
 * See "dev-kmsg" in the kernel's ABI documents.
 */
export class KernelLog {
  readonly #fd: number;
  /** From the log's clock to process.hrtime. */
  readonly #offsetNs: number;

  constructor() {
    // A writer may write ten lines, then it has to wait: hence one object for each measurement.
    this.#fd = openSync('/dev/kmsg', constants.O_RDWR | constants.O_NONBLOCK);
    this.#lines();
    const before = process.hrtime.bigint();
    // Level 7: not for the console. The line end: what could still be continued is not shown to readers.
    writeSync(this.#fd, `<7>${MARK}\n`);
    const after = process.hrtime.bigint();
    this.#offsetNs = Number((before + after) / 2n) - this.#timeOf(MARK);
  }

  /** When the first process was killed for memory since this object was made; to be asked once. */
  firstKill(): bigint {
    return BigInt(Math.round(this.#timeOf('Killed process ') + this.#offsetNs));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #timeOf(words: string): number {
    const line = this.#lines().find((text) => text.includes(words));
    if (line === undefined) throw new Error(`the kernel's log has no line with "${words}"`);
    const microseconds = Number(line.split(',')[2]);
    return microseconds * 1000;
  }

  /** What is new. */
  #lines(): string[] {
    const lines: string[] = [];
    const buffer = Buffer.alloc(8192);
    for (;;) {
      try {
        lines.push(buffer.toString('latin1', 0, readSync(this.#fd, buffer, 0, buffer.length, null)));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') return lines;
        // EPIPE: some were overwritten before they were read.
        if (code !== 'EPIPE') throw error;
      }
    }
  }
}
