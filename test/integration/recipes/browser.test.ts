import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIn } from '../../support/docs/project-program';
import { writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(90_000));

describeIf(['cgroup', 'chromium'], 'a browser in a cage', () => {
  let project: UserProject;
  beforeEach(() => {
    project = makeUserProject(['playwright-core', 'puppeteer-core']);
    writeProgram('docs/guides/browsers.md', project);
  });
  afterEach(() => project.remove());

  /** Has another page there all the time, which says at the end what it has kept. */
  function withOther(file: string): string {
    const source = readFileSync(join(project.directory, file), 'utf8');
    const first = '\ntry {\n';
    const last = '} finally {\n  await browser.close();';
    expect(source.split(first)).toHaveLength(2);
    expect(source.split(last)).toHaveLength(2);
    return source
      .replace(
        first,
        `\nconst other = await browser.newPage();\nawait other.evaluate('globalThis.kept = "kept"');${first}`,
      )
      .replace(last, `  console.log(await other.evaluate('globalThis.kept'));\n${last}`);
  }

  test.each(['with-puppeteer.mjs', 'with-playwright.mjs'])(
    '%s: a page over the limit crashes, and the others go on',
    async (file) => {
      project.write(file, withOther(file));
      const { code, stdout, stderr, left } = await startIn(project, [process.execPath, file]).end;
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'a page\nPage crashed!\nthe next page\nkept\n' });
      // The page is killed, and perhaps a second process a moment later.
      expect(stderr).toMatch(
        /^((.* \(pid \d+\)|\d+ process(es)?) w(as|ere) killed for (its|their) memory limit of 700 MiB\n)+$/,
      );
      expect(left).toEqual([]);
    },
  );
});
