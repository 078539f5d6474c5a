import { execFileSync } from 'node:child_process';

/** What the expression gives in a Node of its own, with all that the ECMAScript module exports as `it`: Jest can't load one. */
export function evaluateModule(path: string, expression: string): unknown {
  const program = `import * as it from ${JSON.stringify(path)}; console.log(JSON.stringify(await (${expression})));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }));
}
