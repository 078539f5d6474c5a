import { runCaged } from './caged.mts';
import { COMPILER } from './limits.mts';
import { SYSTEM } from './roots.mts';
import { explain, onOneLine, type Verdict } from './verdict.mts';

// The program comes through stdout, so that the compiler writes to nothing but memory of its cage.
const COMMANDS = 'gcc -O1 -w -static -pthread -o /tmp/program /submission.c && cat /tmp/program';

/** A submission controls what its compiler does, so that one is in a cage too. */
export async function compile(from: string): Promise<{ program: Buffer } | Verdict> {
  try {
    const { stdout } = await runCaged(['/bin/sh', '-c', COMMANDS], {
      limits: COMPILER,
      seen: [...SYSTEM, { source: from, target: '/submission.c' }],
    });
    return { program: stdout };
  } catch (error) {
    return notCompiled(error);
  }
}

function notCompiled(error: unknown): Verdict {
  const { kind, detail, stderr } = explain(error);
  if (kind !== 'runtime error')
    return { kind: 'compile limit', detail: `${kind}${detail === '' ? '' : `, ${detail}`}` };
  const firstError = stderr.split('\n').find((line) => line.includes('error: '));
  return { kind: 'compile error', detail: firstError === undefined ? detail : onOneLine(firstError) };
}
