import type { ReadStream, WriteStream } from 'node:tty';
import { widthOf } from './text/text-width';

/**
 * Control sequences of xterm, which others share. The alternate screen leaves what was there as it was; synchronized output
 * (mode 2026) is ignored by who does not know it.
 *
 * @see https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const BEGIN = '\x1b[?2026h\x1b[H';
const END = '\x1b[?2026l';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

export interface Keypress {
  name?: string;
  sequence?: string;
  ctrl?: boolean;
  meta?: boolean;
}

/** A whole screen that is drawn again and again. Left as it was found, whatever ends the process save SIGKILL. */
export class Screen {
  #isEntered = false;
  #frame = '';
  readonly #restore = (): void => this.leave();

  constructor(
    private readonly output: WriteStream,
    private readonly input: ReadStream,
  ) {}

  get columns(): number {
    return this.output.columns || 80;
  }

  get lines(): number {
    return this.output.rows || 24;
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    // Also for exceptions: it is called before their text is written.
    process.on('exit', this.#restore);
    this.#frame = '';
    if (this.input.isTTY) this.input.setRawMode(true);
    this.output.write(ENTER);
  }

  /** After a stop that nobody announced: the shell may have had the terminal since. */
  enterAgain(): void {
    this.#isEntered = false;
    process.off('exit', this.#restore);
    // Node does nothing when it takes the terminal to be in that mode already.
    if (this.input.isTTY) this.input.setRawMode(false);
    this.enter();
  }

  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    process.off('exit', this.#restore);
    this.output.write(LEAVE);
    if (this.input.isTTY) this.input.setRawMode(false);
  }

  /** Calls `onKey` for each key, until `stop` is called. */
  listen(onKey: (key: Keypress) => void): { stop(): void } {
    const { input } = this;
    // Of a terminal that is gone; SIGHUP tells of that.
    const ignore = (): void => {};
    const listener = (_: unknown, key: Keypress): void => onKey(key);
    if (!input.isTTY) return { stop: ignore };
    // Not loaded by commands that don't ask for keys.
    const { emitKeypressEvents } = require('node:readline') as typeof import('node:readline');
    emitKeypressEvents(input);
    input.on('error', ignore).on('keypress', listener).resume();
    return { stop: () => void input.off('keypress', listener).pause() };
  }

  /** In one write, and only when it is not there already. The lines are not longer than the screen is wide. */
  draw(lines: readonly string[]): void {
    if (!this.#isEntered) return;
    // Behind a line that fills the screen's width the cursor is still on its last character, which would be erased.
    const erased = lines.map((line) => (widthOf(line) < this.columns ? `${line}${ERASE_LINE}` : line));
    const frame = `${erased.join('\r\n')}${lines.length < this.lines ? `\r\n${ERASE_BELOW}` : ''}`;
    if (frame === this.#frame) return;
    this.#frame = frame;
    this.output.write(`${BEGIN}${frame}${END}`);
  }

  /** What is on the screen is not known any more. */
  forget(): void {
    this.#frame = '';
  }
}
