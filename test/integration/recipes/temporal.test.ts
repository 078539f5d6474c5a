import { blocksOf } from '../../support/docs/doc-examples';
import { resultOf } from '../../support/docs/recipe-result';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { hasEnded } from '../../support/processes/processes';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const ACTIVITIES = blocksOf('docs/guides/temporal.md').find(({ words }) => words.includes('activities'))?.text ?? '';

/** Takes so many MiB, fails, or says who it is and waits. */
const RENDER = `
  import { writeFileSync } from 'node:fs';
  import { json } from 'node:stream/consumers';

  const { mebibytes, fails, waits } = await json(process.stdin);
  if (fails) throw new Error('said the page');
  if (waits) {
    writeFileSync('pid', String(process.pid));
    setInterval(() => {}, 1000);
  } else {
    const taken = Buffer.alloc(mebibytes * 2 ** 20, 1).length / 2 ** 20;
    console.log(JSON.stringify({ taken, limit: process.constrainedMemory() / 2 ** 20 }));
  }
`;

/**
 * Calls activities as a worker does, with the real Context. @temporalio/testing has the same without a server, and needs
 * the worker's 170 MB of native code for it.
 */
const HARNESS = `
  import { asyncLocalStorage, Context } from '@temporalio/activity';
  import { CancelledFailure, defaultFailureConverter, defaultPayloadConverter, ensureApplicationFailure } from '@temporalio/common';

  export function environment() {
    const controller = new AbortController();
    const cancelled = new Promise((_, reject) => controller.signal.addEventListener('abort', () => reject(controller.signal.reason)));
    cancelled.catch(() => {});
    let heartbeats = 0;
    const context = new Context({ attempt: 1 }, cancelled, controller.signal, () => { heartbeats += 1; });
    return {
      heartbeats: () => heartbeats,
      cancel: () => controller.abort(new CancelledFailure('CANCELLED')),
      run: (activity, ...args) => asyncLocalStorage.run(context, () => activity(...args)),
    };
  }

  /** What the server is told. */
  export function toldOf(error) {
    const failure = error instanceof CancelledFailure ? error : ensureApplicationFailure(error);
    const { message, applicationFailureInfo, canceledFailureInfo } = defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter);
    const { type, nonRetryable } = applicationFailureInfo ?? {};
    return { message, type, nonRetryable, isCancelled: Boolean(canceledFailureInfo) };
  }
`;

const PROGRAM = `
  import { existsSync, readFileSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { render } from './activities.js';
  import { environment, toldOf } from './harness.js';

  const end = (page) => environment().run(render, page).catch(toldOf);
  const ends = { fits: await end({ mebibytes: 50 }), more: await end({ mebibytes: 250 }), never: await end({ mebibytes: 500 }) };
  ends.fails = await end({ fails: true });

  const { run, cancel, heartbeats } = environment();
  const cancelled = run(render, { waits: true }).catch(toldOf);
  while (!existsSync('pid') || readFileSync('pid', 'utf8') === '' || heartbeats() < 2) await sleep(10);
  cancel();
  ends.cancelled = await cancelled;
  const after = heartbeats();
  await sleep(100);
  console.log(JSON.stringify({ ...ends, stopped: heartbeats() === after, pid: Number(readFileSync('pid', 'utf8')) }));
`;

describeIf('cgroup', "a Temporal activity's work in a cage", () => {
  let project: UserProject;
  beforeEach(() => {
    project = makeUserProject(['@temporalio']);
    const often = ACTIVITIES.replace('5000', '20');
    expect(often).not.toBe(ACTIVITIES);
    project.write('activities.js', often);
    project.write('render.js', RENDER);
    project.write('harness.js', HARNESS);
  });
  afterEach(() => project.remove());

  test('one over its limit is tried once more, and a cancelled one ends', async () => {
    const { pid, ...ends } = (await resultOf(project, PROGRAM)) as { pid: number };
    expect(ends).toEqual({
      fits: { taken: 50, limit: 200 },
      more: { taken: 250, limit: 400 },
      never: {
        message: expect.stringMatching(/ was killed for its memory limit of 400 MiB \(peak .*\)$/) as string,
        type: 'MemoryLimitError',
        nonRetryable: true,
        isCancelled: false,
      },
      fails: {
        message: expect.stringMatching(/exit code 1/) as string,
        type: 'ExitError',
        nonRetryable: false,
        isCancelled: false,
      },
      cancelled: { message: 'CANCELLED', isCancelled: true },
      stopped: true,
    });
    expect(await hasEnded(pid)).toBe(true);
  });
});
