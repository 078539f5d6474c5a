import type { Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { widthOf } from '../../../../common/text/text-width';
import { columnsOf } from '../../text/style';

/**
 * Control sequences of xterm, which other terminals share. The alternate screen keeps what was on the screen before.
 * Terminals that lack synchronized output (mode 2026) ignore it.
 *
 * @see https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const BEGIN = '\x1b[?2026h\x1b[H';
const END = '\x1b[?2026l';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/** A terminal sends all of a key at once. Node's half a second would have the next key belong to it. */
const ESCAPE_MS = 50;

/** A key as node:readline reports it. */
export interface Key {
  name?: string;
  sequence?: string;
  ctrl?: boolean;
  meta?: boolean;
}

/** A full-screen display. Restores the terminal when the process ends, unless an unhandled signal ends it. */
export class Screen {
  #isEntered = false;
  #frame = '';
  readonly #restore = (): void => this.leave();

  constructor(
    private readonly output: WriteStream,
    private readonly input: ReadStream,
  ) {}

  get columns(): number {
    return columnsOf(this.output);
  }

  get lines(): number {
    return this.output.rows || 24;
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    // Covers exceptions too: Node emits it before it prints them.
    process.on('exit', this.#restore);
    this.#frame = '';
    if (this.input.isTTY) this.input.setRawMode(true);
    this.output.write(ENTER);
  }

  /** For a continuation after an unannounced stop (SIGSTOP): the shell may have changed the terminal meanwhile. */
  enterAgain(): void {
    this.#isEntered = false;
    process.off('exit', this.#restore);
    // Node does nothing if it believes that the terminal is in the wanted mode already.
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
  listen(onKey: (key: Key) => void): { stop(): void } {
    const { input } = this;
    // For errors of a terminal that is gone. SIGHUP reports that.
    const ignore = (): void => {};
    const listener = (_: unknown, key: Key): void => onKey(key);
    if (!input.isTTY) return { stop: ignore };
    // Loaded here, since most commands need no keys.
    const { emitKeypressEvents } = require('node:readline') as typeof import('node:readline');
    // Of readline's interface it takes this alone: how long Esc may still be the beginning of another key.
    emitKeypressEvents(input, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
    input.on('error', ignore).on('keypress', listener).resume();
    return { stop: () => void input.off('keypress', listener).pause() };
  }

  /** Draws in one write, and only what is not there already. No line may be wider than the screen. */
  draw(lines: readonly string[]): void {
    if (!this.#isEntered) return;
    // After a line as wide as the screen, the cursor is still on its last character, which would be erased.
    const erased = lines.map((line) => (widthOf(line) < this.columns ? `${line}${ERASE_LINE}` : line));
    const frame = `${erased.join('\r\n')}${lines.length < this.lines ? `\r\n${ERASE_BELOW}` : ''}`;
    if (frame === this.#frame) return;
    this.#frame = frame;
    this.output.write(`${BEGIN}${frame}${END}`);
  }

  /** Has the next {@link draw} draw everything, for a screen whose contents are unknown. */
  forget(): void {
    this.#frame = '';
  }
}
