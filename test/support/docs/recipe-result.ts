import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { patience } from '../patience';
import type { UserProject } from './user-project';

/** Runs a module of a user's project, and returns what it prints as JSON. It must print nothing else. */
export async function resultOf(project: UserProject, source: string): Promise<unknown> {
  const file = project.write('program.mjs', source);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    cwd: project.directory,
    env: project.env,
    timeout: patience(40_000),
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** A pattern for the error of `run()` after a kill in the cage of a command. The kernel need not say who was killed. */
export const killed = (command: string, limit: string): string =>
  `([\\w-]+ \\(pid \\d+\\), started by ${command}, was|${command}: 1 process was) killed for its memory limit of ${limit}`;

/** A pattern for the message of a verdict, which knows no command. */
export const victim = (limit: string): string =>
  `([\\w-]+ \\(pid \\d+\\)|1 process) was killed for its memory limit of ${limit}`;
