import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

const MARK = 'memcage bench: what time is it?';

/**
 * The kernel's log as a clock of OOM kills, which needs no reader while a kill happens. A thread that polled the
 * counters would wake a core so often that the scheduler would not move tasks to it that wait on the other core
 * behind the kernel's report. See "dev-kmsg" in the kernel's ABI documents.
 */
export class KernelLog {
  readonly #fd: number;
  /** From the log's clock to process.hrtime. */
  readonly #offsetNs: number;

  constructor() {
    // A writer may write ten lines before it has to wait. Hence one object for each measurement.
    this.#fd = openSync('/dev/kmsg', constants.O_RDWR | constants.O_NONBLOCK);
    this.#lines();
    const before = process.hrtime.bigint();
    // Level 7 keeps it off the console. Without the line end, readers would not see it, as it could still be
    // continued.
    writeSync(this.#fd, `<7>${MARK}\n`);
    const after = process.hrtime.bigint();
    this.#offsetNs = Number((before + after) / 2n) - this.#timeOf(MARK);
  }

  /** When the kernel first killed a process for memory since this object was made. Call it once. */
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

  /** The lines that are new. */
  #lines(): string[] {
    const lines: string[] = [];
    const buffer = Buffer.alloc(8192);
    for (;;) {
      try {
        lines.push(buffer.toString('latin1', 0, readSync(this.#fd, buffer, 0, buffer.length, null)));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') return lines;
        // EPIPE: some lines were overwritten before they were read.
        if (code !== 'EPIPE') throw error;
      }
    }
  }
}
