// What the sanitizers wrote, of whatever process: one file each, with the pid at the end of its name.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Makes a place for reports, in which every user may write. */
export function clearReports(directory) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o1777);
}

/** The text of each, with names of functions. Nothing that is written there is taken for harmless. */
export function readReports(directory) {
  return readdirSync(directory)
    .sort()
    .map((name) => `=== ${name}\n${withNames(readFileSync(join(directory, name), 'utf8'))}`);
}

/** Adds to `(/path/to/memcage.node+0x1234)` what is there, for binaries of this build. */
function withNames(text) {
  return text.replace(
    /\((\/\S+\/(?:memcage\.node|memcage-exec|faults\.node|stall_rule\.node))\+(0x[0-9a-f]+)\)/g,
    name,
  );
}

function name(found, file, offset) {
  if (!existsSync(file)) return found;
  const words = execFileSync('addr2line', ['-Cfipe', file, offset], { encoding: 'utf8' });
  const said = words
    .trim()
    .replaceAll(/\/\S*\/checkout\/(?:build\/)?/g, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `(${basename(file)}+${offset}) ${said}`;
}
