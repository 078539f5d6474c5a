import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const root = join(__dirname, '../../..');

/** A project that has installed the built package, and some others of the repository's. */
export interface UserProject {
  directory: string;
  /** The environment of its programs: the command `memcage` is in PATH. */
  env: NodeJS.ProcessEnv;
  /** Writes a file, and returns its path. */
  write: (name: string, text: string) => string;
  /** Puts a command into PATH, as npm does: a JavaScript file of a package. */
  link: (command: string, file: string) => void;
  remove: () => void;
}

export function makeUserProject(packages: readonly string[]): UserProject {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-docs-'));
  const modules = join(directory, 'node_modules');
  const bin = join(modules, '.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(root, join(modules, 'memcage'));
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module' }));
  // npm makes a link, and makes the file executable. The build does neither.
  const link = (command: string, file: string): void => {
    const text = `#!/bin/sh\nexec '${process.execPath}' "\${0%/*}/../${file}" "$@"\n`;
    const path = write(`node_modules/.bin/${command}`, text);
    chmodSync(path, 0o755);
  };
  link('memcage', 'memcage/dist/cli.js');
  return {
    directory,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` },
    write,
    link,
    remove: () => rmSync(directory, { recursive: true }),
  };
}
