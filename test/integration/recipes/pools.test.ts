import { resultOf } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const RECIPE = recipe('docs/reference/contain.md', 'A limit for each worker');

/** Takes so many MiB. */
const TASK = `
const take = (mebibytes) => ({ taken: Buffer.alloc(mebibytes * 2 ** 20, 1).length / 2 ** 20, limit: process.constrainedMemory() / 2 ** 20 });
`;

/** The recipe with another pool, and how a task is performed. */
function withPool(imports: string, made: string, performed: string): string {
  const lines = RECIPE.split('\n');
  const replaced = (part: string, by: string): void => {
    const index = lines.findIndex((line) => line.startsWith(part));
    expect(index).not.toBe(-1);
    lines[index] = by;
  };
  replaced('import { Tinypool }', imports);
  replaced('const pool', `const pool = cage.contain(() => ${made});`);
  replaced('const perform', `const perform = (task) => cage.contain(() => ${performed});`);
  return lines.join('\n');
}

const TASK_FILES = {
  'task.mjs': `${TASK}export default take;`,
  'task.cjs': `${TASK}exports.take = take;`,
  'workerpool-task.cjs': `${TASK}require('workerpool').worker({ take });`,
};

const pools: Record<string, { file: keyof typeof TASK_FILES; code: string; close: string }> = {
  tinypool: { file: 'task.mjs', code: RECIPE, close: 'destroy' },
  workerpool: {
    file: 'workerpool-task.cjs',
    code: withPool(
      "import workerpool from 'workerpool';",
      "workerpool.pool(filename, { workerType: 'process', maxWorkers: 3 })",
      "pool.exec('take', [task])",
    ),
    close: 'terminate',
  },
  'jest-worker': {
    file: 'task.cjs',
    code: withPool(
      "import { Worker } from 'jest-worker';",
      "new Worker(filename, { exposedMethods: ['take'], numWorkers: 2, maxRetries: 0 })",
      'pool.take(task)',
    ),
    close: 'end',
  },
};

const program = ({ file, code, close }: (typeof pools)[string]): string => `
  import { fileURLToPath } from 'node:url';
  const filename = fileURLToPath(new URL('./${file}', import.meta.url));
  ${code}
  cage.removeAllListeners('oom');
  const events = [];
  const reason = new Promise((resolve) => cage.on('oom', (event) => { events.push(event); resolve(); }));
  const ends = await Promise.all([10, 300, 20].map((task) =>
    Promise.resolve(perform(task)).catch(({ message }) => message.split('\\n')[0].replace(/pid=\\d+/, 'pid'))));
  await reason;
  ends.push(await perform(30));
  await pool.${close}();
  await cage.close();
  console.log(JSON.stringify({ ends, events: events.map(({ cause, limitBytes, kills }) => ({ cause, limitBytes, kills })) }));
`;

describeIf('cgroup', 'a limit for each worker of a pool', () => {
  let project: UserProject;
  beforeEach(() => {
    project = makeUserProject(Object.keys(pools));
    for (const [name, text] of Object.entries(TASK_FILES)) project.write(name, text);
  });
  afterEach(() => project.remove());

  test.each(Object.entries(pools))('%s: one over it is killed alone, and the reason is told', async (_, pool) => {
    expect(await resultOf(project, program(pool))).toEqual({
      ends: [
        { taken: 10, limit: 200 },
        expect.stringMatching(/unexpected|terminated/i),
        { taken: 20, limit: 200 },
        { taken: 30, limit: 200 },
      ],
      events: [{ cause: 'descendant', limitBytes: 200 * 2 ** 20, kills: 1 }],
    });
  });
});
