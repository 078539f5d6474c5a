import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ProjectProgram, startIn } from '../../support/docs/project-program';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const RENDER = `
  import { existsSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';

  const url = process.argv[2];
  const kept = [];
  while (url === '/buffers' && kept.length < 300) kept.push(Buffer.alloc(2 ** 20, 1));
  while (url === '/objects' && kept.length < 4_000_000) kept.push({ name: 'x' + kept.length });
  if (url === '/broken') throw new Error('for another reason than memory');
  while (url === '/waits' && !existsSync('enough')) await sleep(20);
  console.log('rendered ' + url);
`;

describeIf(['cgroup', 'host'], 'a limit for each HTTP request', () => {
  let project: UserProject;
  let server: ProjectProgram;

  beforeEach(async () => {
    project = makeUserProject([]);
    project.write('render.js', RENDER);
    project.write('server.js', recipe('docs/guides/recipes.md', 'A limit for each HTTP request'));
    server = startIn(project, [process.execPath, 'server.js'], { PORT: 'socket' });
    await until('it answers', () => ask('/').catch(() => undefined));
  });
  afterEach(async () => {
    const { stderr, left } = await server.stop();
    project.remove();
    // What it says of the requests that it refused.
    const others = stderr
      .split('\n')
      .filter((line) => !/^$|killed for|ended by SIGABRT|ended with exit code/.test(line));
    expect({ others, left }).toEqual({ others: [], left: [] });
  });

  function ask(path: string): Promise<{ status: number | undefined; body: string }> {
    return new Promise((resolve, reject) => {
      get({ socketPath: join(project.directory, 'socket'), path }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      }).on('error', reject);
    });
  }

  test('one over its limit is refused, and the others go on', async () => {
    const waiting = ask('/waits');
    const refused = { status: 507, body: '' };
    expect(await Promise.all([ask('/buffers'), ask('/objects'), ask('/ordinary')])).toEqual([
      refused,
      refused,
      { status: 200, body: 'rendered /ordinary\n' },
    ]);
    expect(await ask('/broken')).toEqual({ status: 500, body: '' });
    project.write('enough', '');
    expect(await waiting).toEqual({ status: 200, body: 'rendered /waits\n' });
  });
});
