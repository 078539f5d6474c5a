// Lets a fixture that runs under plain Node, including Node 20, load the TypeScript sources. Keeps transformed code
// in build/: a guest finds there what the host has transformed, and starts its fixtures several times as fast.
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
    // Renamed into place, because others may read it meanwhile.
    writeFileSync(`${path}.${process.pid}`, code);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // The directory is another user's, or no fd is free. The next fixture transforms it again.
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
