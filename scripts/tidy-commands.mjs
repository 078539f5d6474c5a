// Usage: tidy-commands.mjs
// For clang-tidy: writes build/tidy/compile_commands.json, with each source of native/ and the flags of the unit that
// includes it (native/units.mjs), from that of node-gyp, which has the units.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const units = JSON.parse(readFileSync('build/Release/compile_commands.json', 'utf8'));
const commands = units.flatMap(({ command, file: unit, ...rest }) =>
  Array.from(readFileSync(unit, 'utf8').matchAll(/"(.+)"/g), ([, path]) => {
    const file = resolve('native', path);
    return { ...rest, command: command.replace(unit, file), file };
  }),
);
mkdirSync('build/tidy', { recursive: true });
writeFileSync('build/tidy/compile_commands.json', JSON.stringify(commands));
