import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Terminal } from '@xterm/headless';
import { endNow } from '../processes/processes';
import { until } from '../until';

const MAIN = join(__dirname, '../../../dist/cli.js');
const HELPER = join(__dirname, '../../fixtures/terminal/in-terminal.py');

export interface TerminalEnd {
  code?: number;
  signal?: number;
  /** Whether the terminal has its original modes again. */
  restored: boolean;
}

/** A command in a terminal. The emulator that many programs use for their terminals interprets what it writes. */
export class TerminalSession {
  readonly #pty: ChildProcess;
  readonly #emulator: Terminal;
  readonly #told: Record<string, unknown>[] = [];
  #raw = '';

  constructor(
    args: readonly string[],
    { columns = 80, lines = 24, env = {} }: { columns?: number; lines?: number; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.#emulator = new Terminal({ cols: columns, rows: lines, allowProposedApi: true });
    this.#pty = spawn('python3', [HELPER, String(columns), String(lines), ...args], {
      env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe'],
    });
    this.#pty.stdout?.on('data', (chunk: Buffer) => {
      this.#raw += chunk.toString();
      this.#emulator.write(chunk);
    });
    createInterface({ input: this.#pty.stdio[4] as Readable }).on('line', (line) => {
      this.#told.push(JSON.parse(line) as Record<string, unknown>);
    });
  }

  static memcage(args: readonly string[], options?: ConstructorParameters<typeof TerminalSession>[1]): TerminalSession {
    return new TerminalSession([process.execPath, MAIN, ...args], options);
  }

  /** Everything that was written, unchanged. */
  get raw(): string {
    return this.#raw;
  }

  get isAlternate(): boolean {
    return this.#emulator.buffer.active.type === 'alternate';
  }

  /** The visible lines. Waits for the end of a frame (synchronized output, mode 2026), as a terminal does. */
  async screen(): Promise<string[]> {
    await until('a whole frame is there', async () => {
      const { length } = this.#raw;
      await new Promise<void>((resolve) => this.#emulator.write('', resolve));
      // The emulator may have processed a part of what arrived meanwhile.
      return this.#raw.length === length && this.#isWhole;
    });
    const { active } = this.#emulator.buffer;
    return Array.from(
      { length: this.#emulator.rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true, 0, this.#emulator.cols) ?? '',
    );
  }

  get #isWhole(): boolean {
    return this.#raw.lastIndexOf('\x1b[?2026h') <= this.#raw.lastIndexOf('\x1b[?2026l');
  }

  /** Waits until the screen satisfies a condition, and returns it. */
  async shows(what: string | RegExp, condition?: (lines: readonly string[]) => boolean): Promise<string[]> {
    let last: string[] = [];
    const matches = condition ?? ((lines) => lines.some((line) => line.match(what) !== null));
    try {
      await until(`the screen shows ${what}`, async () => {
        if (this.#pty.exitCode !== null) throw new Error('it has ended');
        last = await this.screen();
        return matches(last);
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows\n${last.join('\n')}`);
    }
    return last;
  }

  /**
   * The foreground colour of a text on the screen, as a number of the palette; undefined for the terminal's default.
   */
  async colorOf(text: string): Promise<number | undefined> {
    const lines = await this.screen();
    const row = lines.findIndex((line) => line.includes(text));
    const { active } = this.#emulator.buffer;
    const cell = active.getLine(active.baseY + row)?.getCell(lines[row]?.indexOf(text) ?? 0);
    return cell?.isFgPalette() ? cell.getFgColor() : undefined;
  }

  press(keys: string): void {
    this.#pty.stdin?.write(keys);
  }

  resize(columns: number, lines: number): void {
    this.#emulator.resize(columns, lines);
    (this.#pty.stdio[3] as Writable).write(`${columns} ${lines}\n`);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await until('it has started', () => this.#told[0]?.['pid'] as number | undefined), signal);
  }

  /** Waits until it has been stopped that many times. */
  async stopped(times = 1): Promise<{ restored: boolean }> {
    const stops = () => this.#told.filter((each) => 'stopped' in each);
    await until('it is stopped', () => stops().length >= times);
    return stops()[times - 1] as { restored: boolean };
  }

  async end(): Promise<TerminalEnd> {
    return until(
      'it ends',
      () => this.#told.find((each) => 'code' in each || 'signal' in each) as unknown as TerminalEnd,
    );
  }

  /** Ends what is left of it. */
  async close(): Promise<void> {
    const pid = this.#told[0]?.['pid'] as number | undefined;
    // It may have ended, and not been told of yet.
    if (pid !== undefined && !this.#told.some((each) => 'code' in each || 'signal' in each)) endNow(pid);
    if (this.#pty.exitCode === null) await once(this.#pty, 'close');
    this.#emulator.dispose();
  }
}
