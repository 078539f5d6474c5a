// Usage: corpus.mjs unpack|pack TARGET DIRECTORY, corpus.mjs add TARGET FILE...
// `corpus/TARGET` has the inputs from which a target begins, each a line, quoted as in `dictionaries`, in the order of
// the lines' bytes. `unpack` writes each into a file of a directory that it makes, as libFuzzer would name it. `pack` is
// the way back.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [action, target, ...paths] = process.argv.slice(2);
const corpus = join(import.meta.dirname, 'corpus', target);

function quote(input) {
  const inner = input.toString('latin1').replace(/[^ !#-[\]-~]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${inner}"`;
}

function unquote(line) {
  const [, inner] = /^"((?:[ !#-[\]-~]|\\x[0-9a-f]{2})*)"$/.exec(line) ?? [];
  if (inner === undefined) throw new Error(`${corpus}: no input: ${line}`);
  return Buffer.from(
    inner.replace(/\\x(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

const linesOf = (files) => files.map((file) => quote(readFileSync(file)));
const kept = () => readFileSync(corpus, 'utf8').split('\n').slice(0, -1);
const keep = (lines) => writeFileSync(corpus, `${[...new Set(lines)].sort().join('\n')}\n`);

const actions = {
  unpack: ([directory]) => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    for (const input of kept().map(unquote)) {
      writeFileSync(join(directory, createHash('sha1').update(input).digest('hex')), input);
    }
  },
  pack: ([directory]) => keep(linesOf(readdirSync(directory).map((name) => join(directory, name)))),
  add: (files) => keep([...kept(), ...linesOf(files)]),
};
actions[action](paths);
