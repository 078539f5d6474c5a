// Builds memcage.node and memcage-exec into build/Release: in a checkout, and in an installed package.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const INSTALL = `Install a C++20 compiler (g++ 12, clang 14 or newer), static libraries of C and C++, make and python3:
  Debian, Ubuntu: apt-get install g++ make python3
  Fedora, RHEL:   dnf install gcc-c++ glibc-static libstdc++-static make python3
  Alpine:         apk add g++ linux-headers make python3`;

const isCheckout = existsSync('scripts/ensure-packages.sh');

if (isCheckout) {
  end(run('scripts/ensure-packages.sh', ['c++:g++', 'make', 'python3']));
  end(build());
} else {
  prepareInstalled();
  const failure = build();
  if (failure !== undefined) {
    // Half of it would be taken in place of a whole binary of the package.
    rmSync('build', { recursive: true, force: true });
    end(`${failure}. The package is as it was installed. ${INSTALL}`);
  }
}

/** Why it failed, if it did. */
function build() {
  return run('node-gyp', ['configure', 'build', '--jobs', 'max', '--loglevel', 'error']);
}

function prepareInstalled() {
  const { CXX = 'c++', PYTHON = 'python3' } = process.env;
  const missing = [CXX, 'make', PYTHON].map((command) => command.split(' ')[0]).filter((name) => !isThere(name));
  if (missing.length > 0) end(`Missing: ${missing.join(', ')}. ${INSTALL}`);
  if (!isThere('node-gyp')) end('node-gyp is not in the PATH. Start this with npm, which has it: npm run build:native');
  if (!existsSync('binding.gyp')) writeFileSync('binding.gyp', "{ 'includes': ['memcage.gypi'] }\n");
}

function isThere(command) {
  const directories = command.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return directories.some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why it failed, if it did. */
function run(file, args) {
  const { error, status, signal } = spawnSync(file, args, { stdio: 'inherit' });
  if (error !== undefined) return `${file}: ${error.message}`;
  return status === 0 ? undefined : `${file} ended with ${signal ?? status}`;
}

function end(message) {
  if (message === undefined) return;
  console.error(message);
  process.exit(1);
}
