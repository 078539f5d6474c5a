import { patience } from '../../support/patience';
import { startIn } from '../../support/project-program';
import { recipe } from '../../support/recipes';
import { describeIf } from '../../support/require';
import { makeUserProject, type UserProject } from '../../support/user-project';
import { Valkey } from '../../support/valkey';

jest.setTimeout(patience(60_000));

const JOB = `
  import { json } from 'node:stream/consumers';

  const { mebibytes } = await json(process.stdin);
  console.log(JSON.stringify({ taken: Buffer.alloc(mebibytes * 2 ** 20, 1).length / 2 ** 20 }));
`;

/** Adds jobs of so many MiB, and prints what became of them. */
const PROGRAM = `
  import { Job, Queue, QueueEvents } from 'bullmq';

  const connection = { path: 'redis.socket' };
  ${recipe('docs/recipes.md', 'A limit for each BullMQ job')}
  const queue = new Queue('jobs', { connection });
  const events = new QueueEvents('jobs', { connection });
  await events.waitUntilReady();
  const ends = [];
  for (const { id } of await queue.addBulk([10, 300, 20].map((mebibytes) => ({ name: 'take', data: { mebibytes } })))) {
    const job = await Job.fromId(queue, id);
    await job.waitUntilFinished(events).catch(() => {});
    const { returnvalue, failedReason } = await Job.fromId(queue, id);
    ends.push({ state: await job.getState(), returnvalue, failedReason });
  }
  console.log(JSON.stringify(ends));
  for (const each of [worker, queue, events]) await each.close();
`;

describeIf(['cgroup', 'host', 'valkey-server'], 'a limit for each BullMQ job', () => {
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

  test('one over its limit fails, with the reason, and the next one runs', async () => {
    project.write('job.js', JOB);
    project.write('program.js', PROGRAM.replace('redis.socket', valkey.connection.path));
    const { stdout, ...end } = await startIn(project, [process.execPath, 'program.js']).end;
    expect(end).toEqual({ code: 0, stderr: '', left: [] });
    expect(JSON.parse(stdout)).toEqual([
      { state: 'completed', returnvalue: { taken: 10 } },
      {
        state: 'failed',
        returnvalue: null,
        failedReason: expect.stringMatching(/ was killed for its memory limit of 200 MiB \(peak .*\)$/),
      },
      { state: 'completed', returnvalue: { taken: 20 } },
    ]);
  });
});
