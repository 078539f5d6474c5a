// What is attacked: a home with a secret, a process, listeners, System V memory, a key. All of it is one user's.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { cgroupsNamed } from './outer.mjs';

const secret = () => `secret-${randomBytes(8).toString('hex')}`;
const firstLine = (path) => readFileSync(path, 'utf8').split('\n')[0];
const places = ['/tmp', '/dev/shm', '/var/tmp', '/run', '/dev', '/', '/root', '/home/guest'];

/** The pids of processes that have this on their command line. */
function processesWith(mark) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(`mark=${mark}`);
    } catch {
      return false;
    }
  });
}

async function listen(address, name, heard) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (text) => heard.add(`${name} ${text}`));
  });
  await new Promise((resolve, reject) => server.listen(address, resolve).on('error', reject));
  return server;
}

/**
 * @param {{ uid: number, home: string }} who
 * @param {string} program compiled from inside/
 */
export async function makeStage({ uid, home }, program) {
  const name = `attacks-${randomBytes(4).toString('hex')}`;
  const secrets = Object.fromEntries(
    ['home', 'public', 'line', 'environment', 'ours', 'file', 'segment'].map((each) => [each, secret()]),
  );
  secrets.shadow = existsSync('/etc/shadow') ? firstLine('/etc/shadow') : secret();
  const directories = { given: join('/opt', name), public: join('/srv', name), home: join(home, `.${name}`) };
  for (const directory of Object.values(directories)) mkdirSync(directory, { recursive: true });
  const files = {
    attack: join(directories.given, 'attack'),
    secret: join(directories.home, 'secret'),
    public: join(directories.public, 'public'),
    open: join(directories.home, 'open'),
    socket: `/run/${name}.sock`,
  };
  copyFileSync(program, files.attack);
  writeFileSync(files.secret, secrets.home, { mode: 0o600 });
  writeFileSync(files.open, secrets.file, { mode: 0o600 });
  writeFileSync(files.public, secrets.public);
  for (const path of [directories.home, files.secret, files.open]) chownSync(path, uid, uid);
  const heard = new Set();
  const servers = await Promise.all([
    listen({ port: 0, host: '127.0.0.1' }, 'tcp', heard),
    listen({ path: `\0${name}` }, 'abstract', heard),
    listen({ path: files.socket }, 'named', heard),
  ]);
  chmodSync(files.socket, 0o777);
  const key = 0x6d000000 + randomBytes(3).readUIntBE(0, 3);
  const asUser = { uid, gid: uid, cwd: '/' };
  const plant = (...words) =>
    execFileSync(files.attack, ['plant', `key=${key}`, `name=${name}`, ...words], {
      ...asUser,
      env: { SECRET: secrets.segment },
    });
  plant();
  let count = 0;

  return {
    files,
    directory: directories.given,
    secrets,
    /** What one attack is aimed at. */
    async begin() {
      count += 1;
      const mark = `${name}-${count}`;
      const leftKey = key + 0x1000 + count;
      // Several attacks may go on at a time.
      const own = {
        input: join(directories.given, `input-${count}`),
        written: join(directories.home, `written-${count}`),
      };
      writeFileSync(own.input, 'as given');
      chownSync(own.input, uid, uid);
      const victim = spawn(files.attack, ['victim', secrets.line], {
        ...asUser,
        env: { SECRET: secrets.environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => {
        victim.on('exit', resolve);
      });
      const [address] = await new Promise((resolve) => {
        victim.stdout.once('data', (text) => resolve(String(text).split('\n')));
      });
      const openFile = openSync(files.open, 'r');
      const aims = { secret: files.secret, public: files.public, ...own, key };
      const { port } = servers[0].address();
      Object.assign(aims, { victim: victim.pid, address, port, mark, name, socket: files.socket });
      Object.assign(aims, { 'left-key': leftKey, uts: readlinkSync('/proc/self/ns/uts') });
      return {
        mark,
        openFile,
        words: Object.entries(aims).map((pair) => pair.join('=')),
        /** What has become of all that, as it is seen from outside. */
        facts: () => ({
          lingers: processesWith(mark).length > 0,
          leftFiles: places.some((place) => existsSync(join(place, mark))),
          leftSegment: readFileSync('/proc/sysvipc/shm', 'utf8').split(/\s+/).includes(String(leftKey)),
          leftCgroup: cgroupsNamed(mark).length > 0,
          victimEnded: victim.signalCode !== null,
          inputChanged: readFileSync(own.input, 'utf8') !== 'as given',
          homeWritten: existsSync(own.written),
          ...Object.fromEntries(['tcp', 'abstract', 'named'].map((each) => [each, heard.has(`${each} ${mark}`)])),
        }),
        async end() {
          victim.kill('SIGKILL');
          await ended;
          for (const pid of processesWith(mark)) process.kill(Number(pid), 'SIGKILL');
          for (const place of places) rmSync(join(place, mark), { force: true });
          for (const cgroup of cgroupsNamed(mark)) rmdirSync(cgroup);
          execFileSync(files.attack, ['plant', 'remove=1', `key=${leftKey}`], asUser);
        },
      };
    },
    async remove() {
      plant('remove=1');
      for (const server of servers) await new Promise((resolve) => server.close(resolve));
      for (const directory of Object.values(directories)) rmSync(directory, { recursive: true });
      rmSync(files.socket, { force: true });
    },
  };
}
