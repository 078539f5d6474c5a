import { inspect, types } from 'node:util';
import { patience } from './patience';

// The real ones, because a row may install fake timers.
const { setTimeout, clearTimeout } = globalThis;

declare global {
  /** The hooks of the test that runs, in order: test/setup/environment-with-hooks.ts. */
  var memcageEachHooks: EachHooks | undefined;
}

export interface EachHooks {
  before: readonly Hook[];
  after: readonly Hook[];
}

type Hook = () => unknown;

interface RowOptions<Row> {
  /** What identifies a row. Default: all its values. */
  name?: (row: Row) => string;
  /** How long a row may take on an ordinary machine. */
  limitMs?: number;
}

const LIMIT_MS = 30_000;
const NAME_LENGTH = 100;

/** Any value, written so that TypeScript takes an array for a tuple. */
type Value = readonly [unknown] | object | string | number | bigint | boolean | null | undefined;

/** A test that runs its body for each row of a table, with the hooks around each, and names all rows that fail. */
export function testRows<Row extends Value>(
  title: string,
  rows: readonly Row[],
  body: (row: Row) => unknown,
  options: RowOptions<Row> = {},
): void {
  const timeoutMs = patience(options.limitMs ?? LIMIT_MS) * (rows.length + 1);
  test(title, attempts(rows, body, options), timeoutMs);
}

/** If Jest tries a test once more (test/setup/retries.ts), the second attempt runs only the rows that failed. */
export function attempts<Row>(
  rows: readonly Row[],
  body: (row: Row) => unknown,
  options: RowOptions<Row> = {},
): () => Promise<void> {
  let left = rows;
  return async () => {
    try {
      await runRows(left, body, options);
    } catch (error) {
      if (error instanceof FailedRows && error.indexes.length > 0)
        left = left.filter((_, i) => error.indexes.includes(i));
      throw error;
    }
  };
}

/** The work of testRows() inside its test. */
export async function runRows<Row>(
  rows: readonly Row[],
  body: (row: Row) => unknown,
  { name = nameOf, limitMs = LIMIT_MS }: RowOptions<Row> = {},
): Promise<void> {
  if (rows.length === 0) throw new Error('the table has no rows');
  const hooks = globalThis.memcageEachHooks ?? { before: [], after: [] };
  const failures: Failure[] = [];
  const attempt = (index: number, run: () => unknown): Promise<boolean> =>
    within(limitMs, run).then(
      () => true,
      (error: unknown) => {
        failures.push({ index, error });
        return false;
      },
    );
  const prepare = (index: number): Promise<boolean> => attempt(index, () => inTurn(hooks.before));
  for (const [index, row] of rows.entries()) {
    // Jest itself prepares the first row.
    const isReady = index === 0 || (await prepare(index));
    if (isReady) await attempt(index, () => body(row));
    for (const hook of hooks.after) await attempt(index, hook);
    await attempt(index, checkAssertionCount);
  }
  // The hooks that Jest runs after the test may need something to undo.
  await prepare(rows.length);
  if (failures.length === 0) return;
  throw new FailedRows(failures, rows.map(name));
}

/** Every combination of one value from each list. */
export function product<T extends readonly unknown[]>(...lists: { [K in keyof T]: readonly T[K][] }): T[] {
  let all: unknown[][] = [[]];
  for (const list of lists) all = all.flatMap((row) => list.map((value) => [...row, value]));
  return all as unknown as T[];
}

interface Failure {
  index: number;
  error: unknown;
}

async function inTurn(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await hook();
}

async function within(limitMs: number, run: () => unknown): Promise<void> {
  const patienceMs = patience(limitMs);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    // By these words scripts/jest-run.mjs knows a hang.
    timer = setTimeout(() => reject(new Error(`not done within ${patienceMs} ms`)), patienceMs);
  });
  try {
    await Promise.race([Promise.resolve(run()), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Does what Jest does after a test. Restarts the counts, except the number of all assertions, which reports show. */
function checkAssertionCount(): void {
  const { extractExpectedAssertionsErrors } = expect as unknown as {
    extractExpectedAssertionsErrors: () => { error: Error }[];
  };
  const { numPassingAsserts } = expect.getState();
  const [first] = extractExpectedAssertionsErrors();
  expect.setState({ numPassingAsserts });
  if (first !== undefined) throw first.error;
}

class FailedRows extends Error {
  readonly indexes: readonly number[];

  constructor(failures: readonly Failure[], names: readonly string[]) {
    const failed = [...new Set(failures.map(({ index }) => index))];
    const nameAt = (index: number): string => names[index] ?? '(after the last row)';
    super(
      [
        `${failed.length} of ${names.length} rows failed: ${failed.map(nameAt).join('; ')}`,
        ...failures.map(({ index, error }) => `\n● ${nameAt(index)}\n\n${describeError(error)}`),
      ].join('\n'),
    );
    this.indexes = failed.filter((index) => index < names.length);
    // Each failed row has its own stack.
    this.stack = `Error: ${this.message}`;
  }
}

/** The message, with only the test's own frames. */
function describeError(error: unknown): string {
  // Errors of Node itself belong to another realm than the test.
  if (!types.isNativeError(error)) return `thrown: ${inspect(error)}`;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    .filter((line) => !/[/]node_modules[/]|\bnode:/.test(line) && !line.includes(__filename));
  return [error.message, '', ...frames].join('\n');
}

function nameOf(row: unknown): string {
  const values: unknown[] = Array.isArray(row) ? row : [row];
  // A function without a name says nothing.
  const telling = values.filter((value) => !(typeof value === 'function' && value.name === ''));
  const text = telling.map(textOf).join(', ');
  return text.length > NAME_LENGTH ? `${text.slice(0, NAME_LENGTH)}…` : text;
}

function textOf(value: unknown): string {
  return typeof value === 'string' && /^[\w"'#./:(][^\n]*$/.test(value)
    ? value
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY });
}
