import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until';

/** The program of a server that speaks Redis' protocol, whichever is installed; undefined if none is. */
export const SERVER = ['valkey-server', 'redis-server'].find(
  (name) => spawnSync('/bin/sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' }).status === 0,
);

/** A server of a test's own, without a port and without files. */
export class Valkey {
  readonly connection: { path: string };
  readonly #server: ChildProcess;

  private constructor(private readonly directory: string) {
    this.connection = { path: join(directory, 'valkey.socket') };
    const options = ['--port', '0', '--unixsocket', this.connection.path, '--save', '', '--appendonly', 'no'];
    this.#server = spawn(SERVER ?? 'valkey-server', options, { cwd: directory, stdio: 'ignore' });
  }

  /** @param directory Default: one of its own */
  static async start(directory = mkdtempSync(join(tmpdir(), 'memcage-valkey-'))): Promise<Valkey> {
    const valkey = new Valkey(directory);
    await until('the server listens', () => existsSync(valkey.connection.path));
    return valkey;
  }

  async stop(): Promise<void> {
    const end = once(this.#server, 'exit');
    this.#server.kill();
    await end;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
