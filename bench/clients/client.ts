import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oneOf, type Random } from '../support/random';

/** What is between the client and `memcage run`, as a line of a shell. */
const BETWEEN = {
  nothing: 'eval "exec $RUN"',
  shell: 'eval "$RUN"; true',
  shells: `sh -c 'eval "$RUN"; true'; true`,
  npx: 'eval "exec $NPX"',
} as const;

export type Between = keyof typeof BETWEEN;

const SAY = `echo running; trap '' TERM HUP INT;`;

const SERVERS = [
  'echo running; exec cat',
  `${SAY} setsid sh -c 'sleep 1000 & (sleep 1000 &)' & exec sleep 1000`,
  `${SAY} while :; do (setsid sleep 1000 &); sleep 0.005; done`,
] as const;

const IN_NODE = `
  const { spawn } = require('node:child_process');
  const detached = process.env.DETACHED === 'true';
  const child = spawn('sh', ['-c', process.env.LINE], { stdio: ['pipe', 'pipe', 'inherit'], detached });
  child.stdout.pipe(process.stdout);
`;

const IN_PYTHON = `
import os, subprocess, sys
child = subprocess.Popen(['sh', '-c', os.environ['LINE']], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
sys.stdout.buffer.write(child.stdout.readline())
sys.stdout.flush()
child.wait()
`;

/** A client that hands on its own stdin and stdout. */
const IN_SHELL = 'sh -c "$LINE"; true';

const CLIENTS: readonly [readonly string[], ...(readonly string[])[]] = [
  [process.execPath, '-e', IN_NODE],
  ['python3', '-c', IN_PYTHON],
  ['sh', '-c', IN_SHELL],
];

/** A project with memcage and a server in its node_modules, so that npx finds both without a registry. */
export interface Project {
  readonly directory: string;
  remove(): void;
}

/** @param root where memcage is */
export function makeProject(root: string): Project {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-clients-'));
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "name": "client", "version": "1.0.0", "private": true }\n');
  const programs = {
    memcage: `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/cli.js')}' "$@"\n`,
    'some-mcp-server': `#!/usr/bin/env node\nconsole.log('running');\nsetInterval(() => {}, 1e5);\n`,
  };
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(modules, '.bin', name), text, { mode: 0o755 });
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}

/** @param mark all that comes of the client has it in its environment, however it leaves */
export function startClient(
  root: string,
  { directory }: Project,
  { between, mark, random }: { between: Between; mark: string; random: Random },
): ChildProcess {
  const options = 'run -m 100M --die-with-parent --';
  const [file = '', ...args] = oneOf(random, CLIENTS);
  return spawn(file, args, {
    cwd: directory,
    // A client has a session that is not pid 1's. In some guests the tests do not.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      npm_config_update_notifier: 'false',
      [MARK]: mark,
      DETACHED: `${random() < 0.5}`,
      LINE: BETWEEN[between],
      NPX: `npx memcage ${options} npx some-mcp-server`,
      RUN: `'${process.execPath}' '${join(root, 'dist/cli.js')}' ${options} sh -c "$SERVER"`,
      SERVER: oneOf(random, SERVERS),
    },
  });
}

export const MARK = 'MEMCAGE_CLIENT';
