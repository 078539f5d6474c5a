// Usage: caged.mjs DIRECTORY WALL-MS CPU-SECONDS COMMAND...
// Runs a command as memcage has it for programs that nobody trusts. Ends with 0 only if memcage says that all is well.
import { RunError, run } from '../../dist/index.js';

const [directory, wallMs, cpuSeconds, file, ...args] = process.argv.slice(2);
try {
  const { stdout } = await run(file, args, {
    untrusted: true,
    memory: '32M',
    pids: 32,
    cpuTimeMs: Number(cpuSeconds) * 1000,
    timeout: Number(wallMs),
    encoding: 'buffer',
    root: { binds: [{ source: directory, target: directory, readOnly: true }] },
  });
  process.stdout.write(stdout);
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  process.stdout.write(error.outcome.stdout);
  process.stderr.write(`${error.code} ${error.limit ?? ''}\n`);
  process.exitCode = 1;
}
