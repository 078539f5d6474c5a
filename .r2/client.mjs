import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createCage, launcherFor } from 'memcage';
const client = new Client({ name: 'c', version: '1' });
const t = new StdioClientTransport({ command: process.execPath, args: ['server.mjs'] });
await client.connect(t);
console.log(JSON.stringify(await client.listTools()));
for (const command of ['echo hi', 'exit 3', 'tail /dev/zero', 'sleep 5; echo x', 'yes'])
console.log(JSON.stringify(await client.callTool({ name: 'shell', arguments: { command } })));
await client.close();
const leaky = `process.stdin.on('data', (d) => { const m = JSON.parse(d); if (m.method==='initialize') console.log(JSON.stringify({jsonrpc:'2.0',id:m.id,result:{protocolVersion:m.params.protocolVersion,capabilities:{tools:{}},serverInfo:{name:'l',version:'1'}}})); else if (m.method==='tools/list') { const k=[]; for(;;) k.push(Buffer.alloc(2**20,1)) } })`;
for (const how of ['contain','launcher']) {
  const cage = createCage({ memory: '100M' });
  cage.on('oom', e=>console.log('oom', Date.now(), e));
  const c = new Client({ name: 'c', version: '1' });
  c.onclose = () => console.log('closed', Date.now());
  if (how === 'contain') {
    await cage.contain(() => c.connect(new StdioClientTransport({ command: process.execPath, args: ['-e', leaky] })));
  } else {
    const l = launcherFor({ cage });
    await c.connect(new StdioClientTransport({ command: l.file, args: [...l.args, process.execPath, '-e', leaky] }));
  }
  await c.listTools().catch(e=>console.log(e.code, e.message, Date.now()));
  await c.close(); await cage.close();
}
