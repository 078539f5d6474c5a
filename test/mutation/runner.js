const { readFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const { default: TestRunner } = require('jest-runner');

const root = join(__dirname, '../..');
const LARGEST_HEAP_BYTES = 1.5 * 2 ** 30;

/**
 * A runner for Jest. Without mutants it runs each test file and tells what each test reached. With them it runs, for each
 * mutant, the tests that reach it, until one fails. It tells its parent process by messages.
 */
module.exports = class MutationRunner {
  #globalConfig;
  #context;

  constructor(globalConfig, context) {
    this.#globalConfig = globalConfig;
    this.#context = context;
    // A run that was stopped leaves nobody to tell.
    process.once('disconnect', () => process.exit(1));
  }

  async runTests(tests, watcher) {
    const { mutants } = JSON.parse(readFileSync(join(process.env.MEMCAGE_MUTATION_DIRECTORY, 'plan.json'), 'utf8'));
    const byFile = new Map(tests.map((test) => [relative(root, test.path), test]));
    if (mutants === undefined) {
      for (const [file, test] of byFile) {
        process.send({ begin: file });
        process.send({ file, ...(await this.#run(test, {}, watcher)) });
      }
    } else {
      for (const mutant of mutants) await this.#try(mutant, byFile, watcher);
    }
    process.send({ isDone: true });
    // Whoever listens for 'disconnect' keeps the process, which has no more to do.
    process.channel.unref();
  }

  async #try({ id, hitLimit, reachedBy }, byFile, watcher) {
    // A realm that nobody uses any more is not always freed. The parent starts another process for the rest.
    if (process.memoryUsage().heapUsed > LARGEST_HEAP_BYTES) return;
    process.send({ begin: id });
    for (const { file, names } of reachedBy) {
      const { failure } = await this.#run(byFile.get(file), { active: id, hitLimit, names }, watcher);
      if (failure !== undefined) {
        process.send({ id, killedBy: `${file}: ${failure}` });
        return;
      }
    }
    process.send({ id, killedBy: null });
  }

  async #run(test, { active, hitLimit, names }, watcher) {
    globalThis.memcageMutation = { active, hitLimit };
    const pattern = names && `^(${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')})$`;
    const runner = new TestRunner({ ...this.#globalConfig, bail: 1, testNamePattern: pattern }, this.#context);
    const started = performance.now();
    let failure;
    runner.on('test-file-success', ([, result]) => {
      const failed = result.testResults.find(({ status }) => status === 'failed');
      const { testExecError } = result;
      if (failed !== undefined) failure = failed.fullName;
      else if (testExecError) failure = `it does not run: ${testExecError.message}`;
    });
    runner.on('test-file-failure', ([, error]) => {
      failure = `it does not run: ${error.message}`;
    });
    await runner.runTests([test], watcher, { serial: true });
    return { failure, coverage: globalThis.memcageMutation.coverage, ms: performance.now() - started };
  }
};
