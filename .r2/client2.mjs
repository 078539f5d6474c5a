import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createCage, launcherFor } from 'memcage';
for (const how of ['contain','launcher']) {
  let cage, l;
  const c = new Client({ name: 'c', version: '1' });
  if (how === 'contain') {
    cage = createCage({ memory: '200M' });
    await cage.contain(() => c.connect(new StdioClientTransport({ command: process.execPath, args: ['leaky.mjs'] })));
  } else {
    l = launcherFor({ memory: '200M' }); cage = l.cage;
    await c.connect(new StdioClientTransport({ command: l.file, args: [...l.args, process.execPath, 'leaky.mjs'] }));
  }
  c.onclose = () => console.log('closed', Date.now());
  cage.on('oom', e=>console.log('oom', Date.now(), e.cause, e.kills, e.victims, cage.cgroup.procs()));
  console.log(await c.callTool({name:'ok'}));
  await c.callTool({name:'index'}, undefined, {timeout: 700}).catch(e=>console.log(e.code, e.message, Date.now()));
  await c.callTool({name:'leak'}).catch(e=>console.log(e.code, e.message, Date.now()));
  await c.close(); if (l) await l.close(); else await cage.close();
}
