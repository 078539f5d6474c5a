const bold = (text: string): string => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const green = (text: string): string => (process.stdout.isTTY ? `\x1b[32m${text}\x1b[0m` : text);
const red = (text: string): string => (process.stdout.isTTY ? `\x1b[31m${text}\x1b[0m` : text);

const LABEL_WIDTH = 26;

/** Prints what it is shown, and remembers whether every check held. */
export class Report {
  #failures = 0;

  title(text: string): void {
    console.log(`\n${bold(text)}`);
  }

  show(label: string, value: string | number): void {
    console.log(`    ${label.padEnd(LABEL_WIDTH)} ${value}`);
  }

  /** A line of a tree, as pstree(1) draws it. */
  tree(depth: number, text: string): void {
    console.log(`    ${depth === 0 ? '' : `${'   '.repeat(depth - 1)}└─ `}${text}`);
  }

  check(label: string, seen: string | number | null, ok: boolean): void {
    console.log(`  ${ok ? green('✓') : red('✗')} ${label.padEnd(LABEL_WIDTH)} ${seen}`);
    if (!ok) this.#failures += 1;
  }

  /** Returns the exit code: 0 if every check held. */
  end(): number {
    console.log(
      this.#failures === 0 ? green('\nAll of it was so.\n') : red(`\n${this.#failures} of it were not so.\n`),
    );
    return this.#failures === 0 ? 0 : 1;
  }
}

/** Exits with the code that the example resolves with, or 1 if it fails. */
export function exitWith(example: Promise<number>): void {
  example.then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
