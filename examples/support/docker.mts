import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { spawn } from 'memcage';
import { removeEverywhere } from './hierarchies.mts';
import { findProgram } from './programs.mts';

/** Time for an engine to come up: a second or two, but longer on an emulated virtual machine. */
const LONGEST_MS = 240_000;

// containerd is started before dockerd, because dockerd would wait 15 s for its own containerd, and give up on a busy
// machine. Files in /run may be used whatever the options are.
const START = `
  mount -t tmpfs run /run || exit
  containerd --config "$1" &
  until [ -S "$2" ]; do sleep 0.1; done
  shift 2
  exec dockerd "$@"`;

/** A Docker engine. */
export interface Docker {
  /** Whose engine it is. */
  how: string;
  /** Where it listens; undefined if the environment says. */
  host: string | undefined;
  /** Runs `docker ARGS`, and resolves with its standard output. */
  run(...args: string[]): Promise<string>;
  /** Ends an engine that we started, with its containers and its data. */
  stop(): Promise<void>;
}

/** The engine that runs here, else one that we start; or, as text, what is missing for both. */
export async function findDocker(): Promise<Docker | string> {
  if (findProgram('docker') === undefined) return 'docker is not installed (Debian: docker-cli, docker.io)';
  const running = client();
  const version = await running('version', '--format', '{{.Server.Version}}').catch(() => undefined);
  if (version !== undefined) {
    return { how: `the running engine, ${version}`, host: undefined, run: running, async stop() {} };
  }
  const noEngine = 'no Docker engine answers, and one of our own can not be started';
  if (process.getuid?.() !== 0) return `${noEngine}: that takes root`;
  if (findProgram('dockerd') === undefined) return `${noEngine}: dockerd is not installed (Debian: docker.io)`;
  return startDocker();
}

/**
 * Starts an engine in its own namespaces: processes, mounts, network and iptables all end with it. Its data is in a
 * temporary directory, and its containers' cgroups are below one that we made.
 */
export async function startDocker(): Promise<Docker> {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-docker-'));
  const cgroup = directory.slice(directory.lastIndexOf('/') + 1);
  const host = `unix://${join(directory, 'docker.sock')}`;
  const log = join(directory, 'log');
  const containerd = join(directory, 'containerd.sock');
  const configuration = join(directory, 'containerd.toml');
  writeFileSync(configuration, containerdConfiguration(directory, containerd));
  const options = [
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--storage-driver=vfs'],
    ...[`--cgroup-parent=/${cgroup}/docker`, `--host=${host}`, `--pidfile=${join(directory, 'pid')}`],
    ...[
      `--containerd=${containerd}`,
      `--data-root=${join(directory, 'data')}`,
      `--exec-root=${join(directory, 'exec')}`,
    ],
  ];
  const output = openSync(log, 'w');
  const daemon = spawn('sh', ['-c', START, 'sh', configuration, containerd, ...options], {
    stdio: ['ignore', output, output],
    namespaces: { mount: true, pid: { init: true }, net: true, ipc: true, uts: true },
  });
  closeSync(output);
  const stop = async (): Promise<void> => {
    daemon.kill('SIGKILL');
    await daemon.outcome;
    await removeEverywhere(cgroup);
    rmSync(directory, { recursive: true });
  };

  const run = client(host);
  const deadline = Date.now() + LONGEST_MS;
  while (!(await run('version').catch(() => false))) {
    if (daemon.exitCode === null && daemon.signalCode === null && Date.now() < deadline) {
      await sleep(50);
      continue;
    }
    const said = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
    await stop();
    throw new Error(`dockerd does not come up:\n${said}`);
  }
  return { how: 'an engine of our own', host, run, stop };
}

function containerdConfiguration(directory: string, address: string): string {
  return `
version = 2
root = "${join(directory, 'containerd')}"
state = "${join(directory, 'containerd-state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${address}"
`;
}

function client(host?: string): Docker['run'] {
  const env = host === undefined ? process.env : { ...process.env, DOCKER_HOST: host };
  return async (...args) => (await promisify(execFile)('docker', args, { env })).stdout.trim();
}
