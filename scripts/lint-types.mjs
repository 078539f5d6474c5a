// Checks the types of every TypeScript file as tsc does, and runs ESLint on them. Both take them from one program, because
// to make a second one, and find out all types again, takes as long as the rules of ESLint.
import { join } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const host = {
  ...ts.sys,
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
  onUnRecoverableConfigFileDiagnostic: (fault) => {
    throw new Error(ts.formatDiagnostic(fault, host));
  },
};

/** The program of a configuration. What is wrong in its files is printed; of those of packages it only needs the types. */
function check(name) {
  const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(join(root, name), {}, host);
  const program = ts.createProgram(fileNames, options);
  const own = program.getSourceFiles().filter(({ fileName }) => !fileName.includes('/node_modules/'));
  const faults = [
    ...[...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()],
    ...own.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  if (faults.length > 0) process.exitCode = 1;
  process.stdout.write(ts.formatDiagnostics(faults, host));
  return program;
}

async function lint(program) {
  const parserOptions = { projectService: false, programs: [program] };
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: { files: ['**/*.ts', 'examples/**/*.mts'], languageOptions: { parserOptions } },
  });
  const results = await eslint.lintFiles('.');
  const { format } = await eslint.loadFormatter('stylish');
  process.stdout.write(await format(results));
  if (results.some(({ errorCount, warningCount }) => errorCount + warningCount > 0)) process.exitCode = 1;
}

await lint(check('tsconfig.json'));
check('tsconfig.build.json');
