import { chmodSync } from 'node:fs';
import { killed, resultOf, victim } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const SERVER = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
  import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
  import { run } from 'memcage';
  import { z } from 'zod';
  const server = new McpServer({ name: 'some-mcp-server', version: '1.0.0' });
`;

const START = 'await server.connect(new StdioServerTransport());';

/** A server that has never heard of memcage. */
const OTHER = `
  const tool = (name, work) =>
    server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: String(await work()) }] }));
  tool('place', async () => {
    const { readFileSync } = await import('node:fs');
    return readFileSync('/proc/self/cgroup', 'utf8').includes('memcage-');
  });
  tool('child', async () => (await once(spawn('tail', ['/dev/zero']), 'exit')).join());
  tool('leak', () => {
    const kept = [];
    for (;;) kept.push(Buffer.alloc(2 ** 20, 1));
  });
`;

const CLIENT = `
  import { Client } from '@modelcontextprotocol/sdk/client/index.js';
  import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
  import { createCage, createLauncher } from 'memcage';
  const client = new Client({ name: 'an-agent', version: '1.0.0' });
  const told = [];
  const tell = (what) => told.push(what);
  const call = (name, args) =>
    client.callTool({ name, arguments: args }).then(
      ({ content, isError = false }) => [isError, content[0].text],
      ({ message }) => message,
    );
`;

describeIf(['cgroup', 'host'], 'the SDK of the Model Context Protocol', () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject(['@modelcontextprotocol/sdk', 'zod']);
    project.write('some-mcp-server.mjs', SERVER + OTHER + START);
    // npm's own would look in the registry.
    chmodSync(
      project.write('node_modules/.bin/npx', `#!/bin/sh\nexec 2>/dev/null\n'${process.execPath}' "$1.mjs"\nexit $?\n`),
      0o755,
    );
  });
  afterAll(() => project.remove());

  test('a tool of a server runs each command in a cage', async () => {
    const tool = recipe('docs/guides/agents.md', 'An MCP server whose tool runs commands');
    project.write('server.mjs', SERVER + tool + START);
    const results = await resultOf(
      project,
      `${CLIENT}
       await client.connect(new StdioClientTransport({ command: process.execPath, args: ['server.mjs'] }));
       const results = [];
       for (const command of ['echo fine', 'tail /dev/zero; exit 3', 'exit 3', 'cat /proc/self/cgroup'])
         results.push(await call('shell', { command }));
       await client.close();
       console.log(JSON.stringify(results));`,
    );
    expect(results).toEqual([
      [false, 'fine\n'],
      [true, expect.stringMatching(`^${killed('bash', '200 MiB')}`)],
      [true, 'bash ended with exit code 3'],
      [false, expect.stringContaining('memcage-')],
    ]);
  });

  test('a server that somebody else has written shares a limit with what it starts', async () => {
    const code = recipe('docs/guides/agents.md', 'An MCP server from somebody else');
    const results = await resultOf(
      project,
      `${CLIENT}
       ${code}
       const results = [await call('place'), await call('child'), told.splice(0), await call('leak')];
       while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
       await client.close();
       await cage.close();
       console.log(JSON.stringify([...results, told]));`,
    );
    expect(results).toEqual([
      [false, 'true'],
      [false, ',SIGKILL'],
      [expect.stringMatching(`^${victim('500 MiB')}$`)],
      'MCP error -32000: Connection closed',
      [expect.stringMatching(`^${victim('500 MiB')}$`)],
    ]);
  });

  test('a server behind the launcher', async () => {
    const code = recipe('docs/guides/agents.md', 'An MCP server from somebody else', 1);
    const results = await resultOf(
      project,
      `${CLIENT}
       ${code}
       const results = [await call('place'), await call('leak')];
       while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
       console.log(JSON.stringify([...results, told]));`,
    );
    expect(results).toEqual([
      [false, 'true'],
      'MCP error -32000: Connection closed',
      [expect.stringMatching(/killed for its memory limit of 500 MiB$/)],
    ]);
  });
});
