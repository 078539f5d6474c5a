import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestQueue } from '../../support/bullmq/queue';
import { Valkey } from '../../support/bullmq/valkey';
import { blocksOf } from '../../support/docs/doc-examples';
import { startIn } from '../../support/docs/project-program';
import { programFile, recipe, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

jest.setTimeout(patience(60_000));

const JOB = `
  export default async ({ data }) => ({ taken: Buffer.alloc(data.mebibytes * 2 ** 20, 1).length / 2 ** 20 });
`;

/** Adds jobs of so many MiB, and prints what became of them. */
const programOf = (work: string, path: string): string => `
  import { Job, Queue, QueueEvents } from 'bullmq';
  ${work.includes("from 'bullmq'") ? '' : "import { Worker } from 'bullmq';"}

  const connection = { path: '${path}' };
  ${work}
  const queue = new Queue('jobs', { connection });
  const events = new QueueEvents('jobs', { connection });
  await events.waitUntilReady();
  const ends = [];
  for (const { id } of await queue.addBulk([10, 500, 20].map((mebibytes) => ({ name: 'take', data: { mebibytes } })))) {
    const job = await Job.fromId(queue, id);
    await job.waitUntilFinished(events).catch(() => {});
    const { returnvalue, failedReason } = await Job.fromId(queue, id);
    ends.push({ state: await job.getState(), returnvalue, failedReason });
  }
  console.log(JSON.stringify(ends));
  for (const each of [worker, queue, events]) await each.close();
`;

const KILLED = /^(job|processor)\.js \(pid \d+\) was killed for its memory limit of \d+ MiB \(peak .*\)$/;
const ENDS = [
  { state: 'completed', returnvalue: { taken: 10 } },
  { state: 'failed', returnvalue: null, failedReason: expect.stringMatching(KILLED) as unknown },
  { state: 'completed', returnvalue: { taken: 20 } },
];

describeIf(['cgroup', 'host', 'valkey-server'], 'the recipes for BullMQ', () => {
  let project: UserProject;
  let valkey: Valkey;

  beforeEach(async () => {
    project = makeUserProject(['bullmq', 'ioredis']);
    valkey = await Valkey.start();
  });
  afterEach(async () => {
    await valkey.stop();
    project.remove();
  });

  testRows(
    'one over its limit fails, with the reason, and the next one runs',
    [
      ['docs/reference/bullmq.md', 'Caged jobs of BullMQ'],
      ['docs/reference/bullmq.md', 'A budget'],
      ['docs/reference/bullmq.md', 'Learned limits'],
    ],
    async ([page, heading]) => {
      project.write('job.js', JOB);
      project.write('processor.js', recipe('docs/reference/bullmq.md', 'Caged jobs of BullMQ', 1));
      project.write('program.js', programOf(recipe(page, heading), valkey.connection.path));
      const { stdout, ...end } = await startIn(project, [process.execPath, 'program.js']).end;
      expect(end).toEqual({ code: 0, stderr: '', left: [] });
      expect(JSON.parse(stdout)).toEqual(ENDS);
    },
  );

  test('the worker of the guide says what the guide says', async () => {
    const page = 'docs/guides/queue.md';
    const output = blocksOf(page).find(({ words }) => words.includes('worker-output'))?.text ?? '';
    const program = programFile(page, 'worker.mjs');
    const local = "{ host: 'localhost' }";
    expect(program).toContain(local);
    writeProgram('docs/guides/queue.md', project);
    project.write('worker.mjs', program.replace(local, `{ path: '${valkey.connection.path}' }`));
    const worker = startIn(project, [process.execPath, 'worker.mjs']);
    const queue = new TestQueue(valkey, 'jobs');
    for (const id of ['1', '2']) await queue.end({ id });
    const { stdout, ...end } = await worker.stop();
    expect(end).toEqual({ code: 0, stderr: '', left: [] });
    const said = stdout
      .replace(/\(pid \d+\)/, '(pid ...)')
      .split('\n')
      .sort();
    expect(said).toEqual(output.split('\n').sort());
    await queue.close();
  });

  test('the worker of the example does jobs, and ends at SIGTERM with what it has begun', async () => {
    for (const name of ['worker.mjs', 'processor.mjs']) {
      project.write(name, readFileSync(join(__dirname, '../../../examples/queue', name), 'utf8'));
    }
    const queue = new TestQueue(valkey, 'jobs');
    const worker = startIn(project, [process.execPath, 'worker.mjs'], { REDIS_URL: valkey.connection.path });
    const jobs = await Promise.all([10, 500, 20].map((mebibytes) => queue.add('take', { mebibytes })));
    const ends = await Promise.all(jobs.map((job) => queue.end(job)));
    expect(ends).toMatchObject([ENDS[0], { state: 'failed', attemptsMade: 1 }, ENDS[2]]);
    const { stdout, ...end } = await worker.stop();
    expect(end).toEqual({ code: 0, stderr: '', left: [] });
    expect(stdout).toMatch(/^take 2: processor\.mjs \(pid \d+\) was killed for its memory limit of 200 MiB \(.*\)\n$/);
    await queue.close();
  });
});
