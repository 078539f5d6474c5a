import { chmodSync } from 'node:fs';
import { blocksOf } from '../../support/docs/doc-examples';
import { startIn } from '../../support/docs/project-program';
import { killed, resultOf, victim } from '../../support/docs/recipe-result';
import { programFile, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const PAGE = 'docs/guides/mcp.md';

/** The block of the page whose first line has this word. */
function block(word: string): string {
  const found = blocksOf(PAGE).find(({ words }) => words.includes(word));
  if (found === undefined) throw new Error(`${PAGE} has no block ${word}`);
  return found.text;
}

/** A server that has never heard of memcage. */
const OTHER = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { readFileSync } from 'node:fs';
  import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
  import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
  const server = new McpServer({ name: 'some-mcp-server', version: '1.0.0' });
  const tool = (name, work) =>
    server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: String(await work()) }] }));
  tool('place', () => readFileSync('/proc/self/cgroup', 'utf8').includes('memcage-'));
  tool('child', async () => (await once(spawn('tail', ['/dev/zero']), 'exit')).join());
  tool('leak', () => {
    const kept = [];
    for (;;) kept.push(Buffer.alloc(2 ** 20, 1));
  });
  await server.connect(new StdioServerTransport());
`;

const CALL = `
  const call = (name, args) =>
    client.callTool({ name, arguments: args }).then(
      ({ content, isError = false }) => [isError, content[0].text],
      ({ message }) => message,
    );
`;

const CLIENT = `
  import { Client } from '@modelcontextprotocol/sdk/client/index.js';
  import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
  const client = new Client({ name: 'an-agent', version: '1.0.0' });
  ${CALL}
`;

/** A place in the page's client, and what the test has there. */
type Change = readonly [from: RegExp, to: string];

describeIf(['cgroup', 'host'], 'the SDK of the Model Context Protocol', () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject(['@modelcontextprotocol/sdk', 'zod']);
    writeProgram('docs/guides/mcp.md', project);
    project.write('some-mcp-server.mjs', OTHER);
    // npm's own would look in the registry.
    const npx = `#!/bin/sh\n[ "$1" = -y ] || exit\nshift\n[ "$1" = memcage ] && exec "$@"\n'${process.execPath}' "$1.mjs"\nexit $?\n`;
    chmodSync(project.write('node_modules/.bin/npx', npx), 0o755);
  });
  afterAll(() => project.remove());

  test('a tool of a server runs each command in a cage', async () => {
    const results = await resultOf(
      project,
      `${CLIENT}
       await client.connect(new StdioClientTransport({ command: process.execPath, args: ['server.mjs'] }));
       const results = [];
       for (const command of ['echo fine', 'tail /dev/zero; exit 3', 'ls /nope', 'exit 3', 'cat /proc/self/cgroup'])
         results.push(await call('shell', { command }));
       await client.close();
       console.log(JSON.stringify(results));`,
    );
    expect(results).toEqual([
      [false, 'fine\n'],
      [true, expect.stringMatching(`^${killed('bash', '200 MiB')}`)],
      [true, "bash ended with exit code 2: ls: cannot access '/nope': No such file or directory"],
      [true, 'bash ended with exit code 3'],
      [false, expect.stringContaining('memcage-')],
    ]);
  });

  test('the client of the page prints what the page says', async () => {
    const end = await startIn(project, [process.execPath, 'client.mjs']).end;
    expect(end).toEqual({ code: 0, stdout: 'fine\n', stderr: '', left: [] });
  });

  test('a server that somebody else has written shares a limit with what it starts', async () => {
    const changes: Change[] = [
      [/'server.mjs'/, "'some-mcp-server.mjs'"],
      [/console.log\(message\)/, 'told.push(message)'],
      [
        / {2}const call = [\s\S]*?console.log.*\n/,
        `const results = [await call('place'), await call('child'), told.splice(0), await call('leak')];
         while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
         console.log(JSON.stringify([...results, told]));`,
      ],
    ];
    const client = changes.reduce(
      (text, [from, to]) => {
        expect(text).toMatch(from);
        return text.replace(from, to);
      },
      programFile(PAGE, 'client.mjs'),
    );
    expect(await resultOf(project, `const told = []; ${CALL} ${client}`)).toEqual([
      [false, 'true'],
      [false, ',SIGKILL'],
      [expect.stringMatching(`^${victim('500 MiB')}$`)],
      'MCP error -32000: Connection closed',
      [expect.stringMatching(`^${victim('500 MiB')}$`)],
    ]);
  });

  test('a server of a configuration, behind memcage run', async () => {
    const { mcpServers } = JSON.parse(block('configuration')) as { mcpServers: { some: object } };
    const results = await resultOf(
      project,
      `${CLIENT}
       const transport = new StdioClientTransport({ ...${JSON.stringify(mcpServers.some)}, stderr: 'pipe' });
       let log = '';
       transport.stderr.on('data', (chunk) => (log += chunk));
       await client.connect(transport);
       const results = [await call('place'), await call('leak')];
       while (!log.includes('memcage:')) await new Promise((resolve) => setTimeout(resolve, 10));
       console.log(JSON.stringify([...results, log]));`,
    );
    expect(results).toEqual([
      [false, 'true'],
      'MCP error -32000: Connection closed',
      expect.stringMatching(/memcage: .*killed for its memory limit of 500 MiB/),
    ]);
  });
});
