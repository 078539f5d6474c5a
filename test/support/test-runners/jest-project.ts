import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ProjectProgram, startIn } from '../docs/project-program';
import { makeUserProject, type UserProject } from '../docs/user-project';
import { readReport } from './report';

interface JestEnd {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Cages that it has left behind. */
  left: string[];
  /** The status of each test, by file and test. */
  tests: Record<string, string>;
  /** What is said of each file that failed. */
  messages: Record<string, string>;
}

interface JestProject extends UserProject {
  /** Starts Jest with these arguments. */
  start: (args?: readonly string[], how?: Manner) => ProjectProgram;
  /** The same, to its end. */
  run: (args?: readonly string[], how?: Manner) => Promise<JestEnd>;
}

interface Manner {
  /** Of Node. */
  flags?: readonly string[];
  /** Makes another command of that. */
  through?: (command: readonly string[]) => readonly string[];
}

/** The order of files, which Jest else takes from their sizes and the run before. */
const BY_NAME = `const { realpathSync } = require('node:fs');
  const { default: Sequencer } = require(
    require.resolve('@jest/test-sequencer', { paths: [realpathSync(__dirname + '/node_modules/jest')] }),
  );
  module.exports = class extends Sequencer {
    sort(tests) { return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1)); }
  };`;

/** A project with Jest, and memcage as its runner. */
function makeJestProject(options: object | undefined, files: Record<string, string>, config: object = {}): JestProject {
  const project = makeUserProject(['jest', 'jest-environment-node']);
  const runner = options === undefined ? 'memcage/jest' : ['memcage/jest', options];
  const base = {
    runner,
    transform: {},
    cacheDirectory: 'cache',
    watchman: false,
    reporters: ['default'],
    testSequencer: '<rootDir>/by-name.cjs',
  };
  project.write('jest.config.json', JSON.stringify({ ...base, ...config }));
  project.write('by-name.cjs', BY_NAME);
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(project.directory, name)), { recursive: true });
    project.write(name, code);
  }
  const start: JestProject['start'] = (
    args = [],
    { flags = [], through = (command: readonly string[]) => command } = {},
  ) => startIn(project, through([process.execPath, ...flags, 'node_modules/jest/bin/jest.js', ...args]));
  const run: JestProject['run'] = async (args = [], how = {}) => {
    const end = await start([...args, '--json', '--outputFile=report.json'], how).end;
    return { ...end, ...read(project) };
  };
  return Object.assign(project, { start, run });
}

function read({ directory }: UserProject): Pick<JestEnd, 'tests' | 'messages'> {
  const files = readReport(directory);
  const tests = files.flatMap(([file, report]) =>
    Object.entries(report.tests).map(([name, { status }]) => [`${file}: ${name}`, status] as const),
  );
  const messages = files.flatMap(([file, { message }]) => (message === '' ? [] : [[file, message] as const]));
  return { tests: Object.fromEntries(tests), messages: Object.fromEntries(messages) };
}

/** Makes projects, and removes each when its test has ended. */
export function jestProjects(): typeof makeJestProject {
  const made: JestProject[] = [];
  afterEach(() => {
    for (const project of made.splice(0)) project.remove();
  });
  return (...of) => {
    const project = makeJestProject(...of);
    made.push(project);
    return project;
  };
}
