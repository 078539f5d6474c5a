const { existsSync, readFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const { createTransformer } = require('@swc/jest');

const root = join(__dirname, '../..');
const sources = join(process.env.MEMCAGE_MUTATION_DIRECTORY, 'sources');

/** The same file with its mutants, if it is to be mutated. */
function mutated(text, path) {
  const other = join(sources, relative(root, path));
  return existsSync(other) ? readFileSync(other, 'utf8') : text;
}

/** Jest's usual transformer, on the instrumented text. */
module.exports = {
  createTransformer(options) {
    const swc = createTransformer(options);
    return {
      canInstrument: false,
      getCacheKey: (text, path, more) => swc.getCacheKey(mutated(text, path), path, more),
      process: (text, path, more) => swc.process(mutated(text, path), path, more),
    };
  },
};
