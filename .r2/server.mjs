import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { run } from 'memcage';
const server = new McpServer({ name: 'shell', version: '1.0.0' });
server.registerTool('shell', { description: 'runs a command', inputSchema: { command: z.string() } }, async ({ command }) => {
  const { stdout: text } = await run('sh', ['-c', command], { memory: '100M', timeout: 20_000 });
  return { content: [{ type: 'text', text }] };
});
await server.connect(new StdioServerTransport());
