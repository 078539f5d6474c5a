import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type ProjectProgram, startIn } from '../../support/docs/project-program';
import { writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

/** Work that ends once the file is there. */
const WAITS = `
  import { existsSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  while (!existsSync('enough')) await sleep(20);
  console.log('{}');
`;
const BOMB = gzipSync(Buffer.alloc(400 * 2 ** 20));
const SMALL = gzipSync('hello\n');

interface Answer {
  status: number | undefined;
  type: string | undefined;
  retryAfter: string | undefined;
  body: string;
}

describeIf(['cgroup', 'host'], 'an endpoint with a limit for each request', () => {
  let project: UserProject;
  let server: ProjectProgram | undefined;
  let port = 0;

  beforeEach(async () => {
    project = makeUserProject(['express', 'fastify']);
    writeProgram('docs/guides/http.md', project);
    port = await freePort();
  });
  afterEach(async () => {
    const end = await server?.stop();
    project.remove();
    // What it says of the requests that it refused.
    const others = end?.stderr
      .split('\n')
      .filter((line) => !/^$|killed for|exit code 1|too large|did not end/.test(line));
    expect({ others, left: end?.left }).toEqual({ others: [], left: [] });
  });

  async function start(file: string): Promise<void> {
    server = startIn(project, [process.execPath, file], { PORT: String(port) });
    await until('it answers', () => post(SMALL, '/nowhere').catch(() => undefined));
  }

  function change(name: string, from: string, to: string): void {
    const source = readFileSync(join(project.directory, name), 'utf8');
    expect(source).toContain(from);
    project.write(name, source.replace(from, to));
  }

  /** @param length of the body, if more is announced than `body` has, which then never ends */
  function post(body: Buffer, path = '/unpack', length = body.length): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': length };
      const sent = request({ port, path, method: 'POST', headers }, (response) => {
        const { statusCode: status, headers: got } = response;
        const of = (all: string): Answer => ({
          status,
          type: got['content-type'],
          retryAfter: got['retry-after'],
          body: all.trim(),
        });
        text(response)
          .then((all) => resolve(of(all)), reject)
          .finally(() => sent.destroy());
      });
      sent.on('error', reject);
      if (length === body.length) sent.end(body);
      else sent.write(body);
    });
  }

  const statusesOf = async (...bodies: Buffer[]): Promise<(number | undefined)[]> =>
    (await Promise.all(bodies.map((body) => post(body)))).map(({ status }) => status);

  describe.each(['express.mjs', 'fastify.mjs'])('%s', (file) => {
    test('work over its limit, or an upload, gets 413, and the others go on', async () => {
      await start(file);
      expect(await statusesOf(BOMB, SMALL, Buffer.from('no gzip'))).toEqual([413, 200, 500]);
      // Express reads all of it. Fastify answers at once and closes, and who still writes then may see EPIPE in place of the answer.
      const upload = Buffer.alloc(11 * 2 ** 20);
      const part = file === 'fastify.mjs' ? upload.subarray(0, 1) : upload;
      expect(await post(part, '/unpack', upload.length)).toMatchObject({ status: 413 });
      expect(await post(SMALL)).toMatchObject({
        status: 200,
        type: expect.stringMatching(/^application\/json/) as string,
        body: '{"bytes":6}',
      });
    });

    test('work that takes too long gets 504', async () => {
      project.write('unpack.mjs', WAITS);
      change('caged.mjs', '10_000', '300');
      await start(file);
      expect(await statusesOf(SMALL)).toEqual([504]);
    });

    test('what finds no room gets 503, and what waits is done', async () => {
      project.write('unpack.mjs', WAITS);
      change('caged.mjs', '>= 20', '>= 1');
      await start(file);
      const inTime = statusesOf(...Array.from({ length: 6 }, () => SMALL));
      const busy = await until('it is full', async () => {
        const answer = await post(SMALL, '/nowhere');
        return answer.status === 503 ? answer : undefined;
      });
      expect(busy.retryAfter).toBe('5');
      project.write('enough', '');
      expect(await inTime).toEqual([200, 200, 200, 200, 200, 200]);
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
