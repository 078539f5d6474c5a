import { spawn } from 'node:child_process';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
const server = new McpServer({ name: 'index', version: '1.0.0' });
server.registerTool('index', {}, () => new Promise(() => spawn('sh', ['-c', 'tail /dev/zero'])));
server.registerTool('leak', {}, () => { const k = []; for (;;) k.push(Buffer.alloc(2 ** 20, 1)); });
server.registerTool('ok', {}, () => ({ content: [{ type: 'text', text: 'ok' }] }));
await server.connect(new StdioServerTransport());
