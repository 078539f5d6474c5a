// Runs the tests with a server of their own: nobody else's on the usual port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const directory = mkdtempSync(join(tmpdir(), 'memcage-test-bullmq-'));
const socket = join(directory, 'socket');
const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
const server = spawn('valkey-server', options, { cwd: directory, stdio: 'ignore' });
await Promise.race([once(server, 'spawn'), once(server, 'error').then(([error]) => Promise.reject(error))]);
while (!existsSync(socket)) await sleep(20);

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', ...process.argv.slice(2)];
const env = { ...process.env, MEMCAGE_SUITES_SERVER: socket };
const tests = spawn(process.execPath, vitest, { stdio: 'inherit', env });
[process.exitCode] = await once(tests, 'exit');
server.kill();
await once(server, 'exit');
rmSync(directory, { recursive: true, force: true });
