// A registry of npm on the loopback, with nothing in it. What is not memcage it takes from the registry that this machine uses.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../packed/children.mjs';
import { installTools } from '../packed/tools.mjs';

const root = join(import.meta.dirname, '../..');
const USER = { name: 'rehearsal', password: 'rehearsal' };
const PATIENCE_MS = 60_000;

/**
 * @param {string} directory where it keeps what it has
 * @returns {Promise<Record<string, string>>} variables of the environment with which npm may publish there
 */
export async function startRegistry(directory) {
  mkdirSync(directory);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  writeFileSync(join(directory, 'config.yaml'), settings(directory, upstream()));
  const program = join(installTools('registry'), 'node_modules/verdaccio/bin/verdaccio');
  const server = start(newerNode(), [program, '--config', join(directory, 'config.yaml'), '--listen', url], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await answering(url, server);
  // The user's own configuration may say where the headers of Node are.
  const configuration = join(directory, 'npmrc');
  writeFileSync(configuration, `//127.0.0.1:${port}/:_authToken=${await logIn(url)}\n`);
  return { npm_config_registry: url, npm_config_globalconfig: configuration };
}

const settings = (directory, url) => `
storage: ${JSON.stringify(join(directory, 'storage'))}
auth: { htpasswd: { file: ${JSON.stringify(join(directory, 'htpasswd'))}, max_users: 1 } }
uplinks: { npm: { url: ${JSON.stringify(url)} } }
packages:
  memcage: { access: $all, publish: $authenticated }
  '**': { access: $all, proxy: npm }
log: { type: stdout, level: fatal }
`;

const upstream = () => execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();

/** verdaccio needs Node 22. */
function newerNode() {
  const words = [join(root, 'scripts/nodes.mjs'), '--install', '24'];
  return execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(url, server) {
  for (const started = performance.now(); performance.now() - started < PATIENCE_MS; await sleep(100)) {
    if (server.exitCode !== null) break;
    if (
      await fetch(`${url}-/ping`)
        .then(({ ok }) => ok)
        .catch(() => false)
    )
      return;
  }
  throw new Error('The registry does not answer');
}

async function logIn(url) {
  const answer = await fetch(`${url}-/user/org.couchdb.user:${USER.name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(USER),
  });
  const { token } = await answer.json();
  if (token === undefined) throw new Error(`The registry lets nobody in: ${answer.status}`);
  return token;
}
