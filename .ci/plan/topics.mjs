// What a changed path is about. A topic is a room of lib/ (`lib/cage/oom`), the path of a test file, or one of:
// `docs`; `lint`, what only the linters read; `code`, any code that runs; `native`, C++ and how it is built; `package`,
// what is packed and where it is tried; and the instruments `arm64`, `fuzz`, `sanitize`, `mutation`, `suites`, `guests`.

/** The first one that matches decides. What none of them knows can change everything. */
const PATHS = [
  [/^surface\/|^scripts\/surface\.mjs$|^tsconfig\.surface\.json$/, ['lint']],
  [/^docs\/reference\/threat-model\.md$/, ['docs', 'test/integration/security/']],
  [/^docs\/|^\.vitepress\/|^scripts\/(?:site|docs)\/|(?<!unstable)\.md$|^LICENSE$/, ['docs']],
  [/^(biome\.json|eslint\.config\.mjs|knip\.jsonc|typedoc\.json|\.clang-format|\.editorconfig|\.gitignore)$/, ['lint']],
  [
    /^(\.dependency-cruiser\.mjs|scripts\/lint[^/]*|scripts\/(analyzed-sources|native-rooms|room-sizes|tidy-commands)\.mjs)$/,
    ['lint'],
  ],
  [/^\.clang-tidy$/, ['lint', 'native']],
  [
    /^(native|test\/native)\/|^(binding\.gyp|memcage\.gypi)$|^scripts\/(build-native|check-binary)\.mjs$/,
    ['code', 'native'],
  ],
  [
    /^scripts\/(prebuilds|forget-libraries|test-package|check-tarball|declarations)\.mjs$|^scripts\/libc-symbols\.txt$/,
    ['package', 'arm64'],
  ],
  [/^test\/(packed|smoke|roots|bundles|installers|rehearsal|reproducible)\//, ['package', 'arm64']],
  [/^test\/arm64\//, ['arm64']],
  [/^test\/fuzz\//, ['fuzz']],
  [/^test\/sanitize\//, ['sanitize']],
  [/^test\/mutation\//, ['mutation', 'test/pure/mutation/']],
  [/^test\/suites\//, ['suites', 'test/pure/suites/']],
  [/^test\/matrix\/|^\.github\//, ['lint']],
  [/^scripts\/release\//, ['lint', 'test/pure/release/']],
  [/^test\/(times\.json|unstable\.md)$/, ['lint', 'test/pure/gate/']],
  [/^test\/guest\/(?!(configurations|suites)\.mjs)/, ['guests']],
  [/^(lib|types|bench|examples|test\/types)\//, ['code']],
  [/^test\/(pure|integration|guest)\/.*\.test\.ts$/, ['code']],
  [/^test\/support\/[^/]/, ['code']],
  [/^test\/overseer\//, ['code', 'test/integration/proving/']],
  [/^test\/attacks\//, ['code', 'test/integration/security/']],
  [/^test\/fixtures\/(.+)\/[^/]/, (folder) => ['code', `test/integration/${folder}/`, `test/pure/${folder}/`]],
];

/**
 * The topics that these files touch, each with the file because of which it does; or `unknown`, a file that may be
 * about anything. A file of lib/ or types/ touches its room and those that import it: what these make of it, the tests
 * of the host prove, which always run. One of the tests' support touches the tests that need it.
 */
export function topicsOf(files, importers) {
  const topics = new Map();
  const add = (topic, file) => topics.has(topic) || topics.set(topic, file);
  for (const file of files) {
    const [pattern, found] = PATHS.find(([each]) => each.test(file)) ?? [];
    if (found === undefined) return { unknown: file, topics };
    const named = typeof found === 'function' ? found(...pattern.exec(file).slice(1)) : found;
    for (const topic of named) add(topic, file);
    if (/^(lib|types)\//.test(file)) for (const each of [file, ...(importers[file] ?? [])]) add(roomOf(each), file);
    else for (const each of reach(file, importers)) if (each.endsWith('.test.ts')) add(each, file);
  }
  return { topics };
}

/** The file, and all that need it. */
function reach(file, importers) {
  const seen = new Set([file]);
  for (const each of seen) for (const importer of importers[each] ?? []) seen.add(importer);
  return seen;
}

/** The folder in lib/, or the file itself if it is an entry point or a test. */
const roomOf = (file) => (/^lib\/.*\//.test(file) ? file.slice(0, file.lastIndexOf('/')) : file);
