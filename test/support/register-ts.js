// Lets a fixture that runs under plain Node, 20 included, load the TypeScript sources. What was transformed once is kept in
// build/: a guest finds there what the host has transformed, and starts its fixtures several times as fast.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const CACHE = join(__dirname, '../../build/register-ts');
const options = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
};

function transform(source, filename) {
  const { transformSync } = require('@swc/core');
  return transformSync(source, { ...options, filename }).code;
}

function keep(path, code) {
  try {
    mkdirSync(CACHE, { recursive: true });
    // Whole or not at all: others may read it meanwhile.
    writeFileSync(`${path}.${process.pid}`, code);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // Another user's, or no fd is free: then the next one transforms it as well.
  }
}

require.extensions['.ts'] = (module, filename) => {
  const source = readFileSync(filename, 'utf8');
  const path = join(CACHE, `${createHash('sha256').update(filename).update(source).digest('hex')}.js`);
  let code;
  try {
    code = readFileSync(path, 'utf8');
  } catch {
    code = transform(source, filename);
    keep(path, code);
  }
  module._compile(code, filename);
};
