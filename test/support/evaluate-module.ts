import { execFileSync } from 'node:child_process';

interface Question {
  path: string;
  expression: string;
}

type Answer = { value: unknown } | { error: string };

/** What the expression gives in a Node of its own, with all that the ECMAScript module exports as `it`: Jest can't load one. */
export function evaluateModule(path: string, expression: string): unknown {
  return new Questions().ask(path, expression)();
}

/** The same for several expressions, in one Node: the first answer that is called for has all that were asked until then. */
export class Questions {
  #asked: Question[] = [];

  ask<T = unknown>(path: string, expression: string): () => T {
    const batch = this.#asked;
    const index = batch.push({ path, expression }) - 1;
    return () => {
      if (batch === this.#asked) this.#asked = [];
      const answer = answersTo(batch)[index];
      if (answer === undefined || 'error' in answer) throw new Error(answer?.error ?? `no answer to ${expression}`);
      return answer.value as T;
    };
  }
}

const known = new WeakMap<readonly Question[], readonly Answer[]>();

function answersTo(batch: readonly Question[]): readonly Answer[] {
  const answers = known.get(batch) ?? evaluate(batch);
  known.set(batch, answers);
  return answers;
}

function evaluate(batch: readonly Question[]): readonly Answer[] {
  const all = batch.map(
    ({ path, expression }) =>
      `async () => { const it = await import(${JSON.stringify(path)}); return await (${expression}); }`,
  );
  const program = `
    const answers = [];
    for (const each of [${all.join(', ')}]) {
      answers.push(await each().then((value) => ({ value }), (error) => ({ error: String(error.stack) })));
    }
    console.log(JSON.stringify(answers));`;
  // By its input, because an argument holds no more than 128 KiB.
  const options = { encoding: 'utf8', input: program, maxBuffer: Number.POSITIVE_INFINITY } as const;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module'], options)) as readonly Answer[];
}
