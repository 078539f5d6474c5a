/** Runs one case and writes its rows to stdout as JSON: `node --expose-gc out/bench/run-case.js NAME [--quick]`. */
import { cases } from './cases';

async function main(): Promise<void> {
  // This is the exit code if the case waits for something that never comes.
  process.exitCode = 13;
  const name = process.argv[2];
  const found = cases.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no case '${name}'`);
  const rows = await found.run({ quick: process.argv.includes('--quick') });
  process.stdout.write(JSON.stringify(rows));
  process.exitCode = 0;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
