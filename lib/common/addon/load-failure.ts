import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '../text/names';
import { buildCommand, bundleDirectory, PACKAGE_ROOT } from './package-root';

/** Why the addon can't be used here. */
export interface LoadFailure {
  detail: string;
  cure?: string;
  /** The binary that does not load. */
  path?: string;
  cause?: unknown;
}

const REINSTALL = 'install memcage anew';

export function explainNotLinux(): LoadFailure {
  return {
    detail: `memcage needs Linux; this is ${process.platform}`,
    cure: 'run it in a virtual machine or a container with Linux',
  };
}

/** There is no binary. */
export function explainNotFound(): LoadFailure {
  const bundle = bundleDirectory();
  if (bundle !== undefined) {
    return {
      detail: `memcage is in a bundle, and has no binary in ${join(bundle, 'prebuilds')}`,
      cure: `copy those of the package beside the bundle: cp -r node_modules/memcage/prebuilds ${shellWord(bundle)}`,
    };
  }
  const platform = `${process.platform}-${process.arch}`;
  const has = platformsWithBinary().join(' and ');
  const detail =
    has === ''
      ? `memcage has no binary at all in ${PACKAGE_ROOT}`
      : `memcage has no binary for ${platform}, only for ${has}`;
  return { detail, cure: `build one, with a C++20 compiler, make and python3: ${buildCommand()}` };
}

/** `path` is there, but Node could not load it. */
export function explainNotLoaded(path: string, cause: unknown): LoadFailure {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_DLOPEN_DISABLED') {
    return {
      detail: 'Node.js may not load native addons, and memcage needs one',
      cure: 'add --allow-addons to --permission, and leave out --no-addons',
      cause,
    };
  }
  const reason = firstLine(message);
  const detail = `${reason.includes(path) ? 'The binary' : path} does not load: ${reason}`;
  return { detail, cure: cureFor(reason.replaceAll(path, ''), path), path, cause };
}

/** By what the loaders of glibc and musl say. */
const CURES: readonly [reason: RegExp, cure: (path: string) => string][] = [
  [/cannot allocate memory/i, () => 'free memory, or raise the limit of this process'],
  [
    /failed to map segment|permission denied|operation not permitted/i,
    (path) =>
      `let this user read it, and map it as a program: look at chmod a+r, and at noexec in findmnt -T ${shellWord(path)}`,
  ],
  [/\b(napi|node_api)_\w+/, () => `use a newer Node.js: this is ${process.version}`],
  [
    /version [`'].*not found/i,
    () => `this machine's C library is older than the binary needs: build one for it: ${buildCommand()}`,
  ],
];

function cureFor(reason: string, path: string): string {
  const known = CURES.find(([pattern]) => pattern.test(reason))?.[1](path);
  return known ?? `${REINSTALL}; or build it here: ${buildCommand()}`;
}

function platformsWithBinary(): string[] {
  const directory = join(PACKAGE_ROOT, 'prebuilds');
  const isBinary = (name: string): boolean => name.endsWith('.node');
  return entriesOf(directory).filter((platform) => entriesOf(join(directory, platform)).some(isBinary));
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** Node appends the modules that asked for a module that is missing. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
