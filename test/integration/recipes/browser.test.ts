import { startIn } from '../../support/docs/project-program';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(90_000));

/** Has a page take 800 MiB, while another one is there. */
const PROGRAM = `
  import { once } from 'node:events';

  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  ${recipe('docs/guides/recipes.md', 'A browser in a cage')}
  const open = async (title) => {
    const page = await browser.newPage();
    await page.goto('data:text/html,<title>' + title + '</title>');
    return page;
  };
  const other = await open('other');
  await other.evaluate('globalThis.kept = "kept"');
  const greedy = await open('greedy');
  const crash = once(greedy, 'error').then(([{ message }]) => message);
  const taken = greedy.evaluate('new Uint8Array(800 * 2 ** 20).fill(1).length').catch(() => crash);
  const end = await Promise.race([crash, taken]);
  const next = await open('next');
  console.log(JSON.stringify([end, await other.evaluate('globalThis.kept'), await next.title()]));
  await Promise.all([once(cage, 'close'), browser.close()]);
`;

describeIf(['cgroup', 'chromium'], 'a browser in a cage', () => {
  let project: UserProject;
  beforeEach(() => {
    project = makeUserProject(['puppeteer-core']);
  });
  afterEach(() => project.remove());

  test('a page over the limit crashes, and the others go on', async () => {
    project.write('program.js', PROGRAM);
    const { code, stdout, stderr, left } = await startIn(project, [process.execPath, 'program.js']).end;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '["Page crashed!","kept","next"]\n' });
    expect(stderr).toMatch(/^\{\s+message: .*\s+cause: 'limit',\s+kills: 1,\s+limitBytes: 734003200,/);
    expect(left).toEqual([]);
  });
});
