/** How the starts ended, by kind; and what must never happen. */
export class Tally {
  starts = 0;
  readonly ends = new Map<string, { good: number; refused: number; oom: number; signal: number }>();
  readonly refusals = new Map<string, number>();
  /** Errors that say nothing to a caller, or that no caller could catch. */
  readonly strange: string[] = [];
  readonly troubles = new Map<string, number>();

  start(): void {
    this.starts += 1;
  }

  trouble(name: string): void {
    this.troubles.set(name, (this.troubles.get(name) ?? 0) + 1);
  }

  end(kind: string, what: 'good' | 'refused' | 'oom' | 'signal'): void {
    const ends = this.ends.get(kind) ?? { good: 0, refused: 0, oom: 0, signal: 0 };
    ends[what] += 1;
    this.ends.set(kind, ends);
  }

  /** An error that a caller of memcage gets has a code. */
  refuse(kind: string, error: unknown): void {
    this.end(kind, 'refused');
    const code = codeOf(error);
    if (code === undefined) {
      this.report(kind, error);
      return;
    }
    const name = `${kind} ${code}`;
    this.refusals.set(name, (this.refusals.get(name) ?? 0) + 1);
  }

  report(where: string, error: unknown): void {
    if (this.strange.length < 100)
      this.strange.push(`${where}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined;
  const { code, status, signal } = error as { code?: unknown; status?: unknown; signal?: unknown };
  // exec() has the exit code there, or null for a signal; the synchronous functions have both as `status` and `signal`.
  if (typeof code === 'string') return code;
  if (typeof code === 'number' || typeof status === 'number') return 'exit code';
  return typeof signal === 'string' ? signal : undefined;
}
