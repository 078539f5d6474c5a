#!/usr/bin/env node
import { parseCommand, USAGE } from './arguments';
import { doctorCommand } from './doctor-command';
import { killCommand } from './kill-command';
import { limitCommand } from './limit-command';
import { runCommand } from './run-command';
import { statCommand } from './stat-command';

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'version':
      process.stdout.write(`${(require('../../package.json') as { version: string }).version}\n`);
      return 0;
    case 'wrong':
      process.stderr.write(`memcage: ${command.message}\nTry 'memcage --help'.\n`);
      return 125;
    case 'doctor':
      return doctorCommand(command);
    case 'limit':
      return limitCommand(command);
    case 'kill':
      return killCommand(command);
    case 'stat':
      return statCommand(command);
    case 'run':
      return runCommand(command);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`memcage: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 125;
  },
);
