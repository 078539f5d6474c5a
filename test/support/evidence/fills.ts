import { join } from 'node:path';
import { compile } from '../processes/programs';

/** In the units of memcage. */
interface Filling {
  kind?: 'anonymous' | 'tmpfs' | 'unlinked' | 'names';
  /** At once. */
  firstMb: number;
  /** Every 5 ms, as long as it may. Default: none. */
  stepKb?: number;
  path?: string;
}

/** Compiles, for the tests of a file, the program that fills memory. Call it in the file's outermost describe. */
export function compiledFills(): (filling: Filling) => [file: string, args: string[]] {
  let program: ReturnType<typeof compile>;
  beforeAll(() => {
    program = compile(join(__dirname, '../../fixtures/cage/evidence/fills.c'));
  });
  afterAll(() => program.remove());
  return ({ kind = 'anonymous', firstMb, stepKb = 0, path = '' }) => [
    program.path,
    [kind, String(firstMb * 1024), String(stepKb), path],
  ];
}
