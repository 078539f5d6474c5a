import { cancel, later, outsideOfCalls } from '../../common/event-loop/timers';
import { isRefused } from '../directory/refusal';

/** From a refused look to the next. */
const AGAIN_MS = 50;

/**
 * A look that nobody has called for, so that nobody could catch its error. Where the kernel refuses it (ENOMEM, EIO), it looks
 * again until it is not refused: the kernel may not tell the same a second time.
 */
export class RetriedLook {
  #again: ReturnType<typeof later> | undefined;
  #isOver = false;

  constructor(private readonly look: (timeMs: number, isTold: boolean) => void) {}

  /**
   * @param timeMs when the kernel told
   * @param isTold false if it has told nothing, or not yet
   */
  begin(timeMs: number, isTold: boolean): void {
    if (this.#isOver) return;
    try {
      this.look(timeMs, isTold);
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#again ??= outsideOfCalls(() => later(() => this.#lookAgain(timeMs), AGAIN_MS).unref());
    }
  }

  end(): void {
    this.#isOver = true;
    cancel(this.#again);
  }

  #lookAgain(timeMs: number): void {
    this.#again = undefined;
    this.begin(timeMs, false);
  }
}
