const m = require('memcage');
const { spawn, run, createCage, spawnSync, fork, exec, execFile } = m;
const eater = ['-e', 'const k=[];const t=setInterval(()=>{k.push(Buffer.alloc(2**20*8,1)); if(k.length>15){clearInterval(t);setTimeout(()=>{},3000)}},5)'];
(async () => {
  try { spawn('true', [], { memory: '50M' }); console.log('started?!'); } catch (e) { console.log('default', e.code, e.message.slice(0,300)); }
  const c = spawn('node', ['-e', '0'], { memory: '50M', enforce: 'polled' });
  console.log(c.cage.enforcedBy, m.inspect);
  console.log(await c.outcome);
  console.log(c.cage);
  const e = spawn(process.execPath, eater, { memory: '50M', enforce: 'polled', nodeHeap: false });
  e.cage.on('oom', (x) => console.log('oom', x));
  console.log(await e.outcome);
  try { await run(process.execPath, eater, { memory: '50M', enforce: 'none', nodeHeap: false }); } catch (x) { console.log(x.message, x.code); }
  console.log(await run('sh', ['-c','sleep 100 & echo hi'], { memory: '50M', enforce: 'polled', namespaces: {uts:{hostname:'cage'}, pid:true} , memoryDetails: true}));
  for (const [name, o] of Object.entries({ parent: { parent: '/x' }, high: { memory: { max: '50M', high: '40M' } }, det: { detached: true } })) {
    for (const enforce of ['polled', 'none']) try { const o1 = await spawn('true', { memory: '50M', enforce, ...o }).outcome; console.log(name, enforce, o1.enforcedBy, o1.memory); } catch (x) { console.log(name, enforce, x.code, x.message.slice(0, 160)); }
  }
  {
    await using0();
  }
  console.log(spawnSync(process.execPath, eater, { memory: '50M', enforce: 'polled', nodeHeap: false }).outcome);
  try { console.log(m.execFileSync('echo', ['x'], { memory: '50M', enforce: 'polled' }).toString()); } catch (x) { console.log(x); }
})();
async function using0() {
  const cage = createCage({ memory: '80M', enforce: 'polled' });
  cage.on('oom', (x) => console.log('cage oom', x));
  cage.on('close', () => console.log('closed'));
  try { cage.on('high', () => {}); } catch (x) { console.log(x.code, x.message.slice(0, 100)); }
  try { cage.cgroup; } catch (x) { console.log(x.code, x.message.slice(0, 100)); }
  const [a, b] = [cage.spawn('sleep', ['100']), cage.spawn('sh', ['-c', 'sleep 101 & sleep 0.1'])];
  console.log(cage);
  console.log((await b.outcome).memory);
  const k = cage.spawn(process.execPath, eater, { nodeHeap: false });
  console.log(await Promise.all([k.outcome, a.outcome].map(async (p) => (await p).oom)));
  const inner = cage.contain(() => createCage({ memory: '20M' }));
  console.log(inner.outer === cage, inner.enforcedBy.kind);
  console.log(await cage.contain(() => require('child_process').spawnSync('sh', ['-c', 'env | grep POLLED | wc -l'])).stdout.toString());
  const x = inner.spawn('sleep', ['100']);
  const priv = cage.spawn('sleep', ['100'], { memory: '30M' });
  console.log(priv.cage.outer === cage, m.openCages().length);
  await cage.close();
  console.log((await x.outcome).signal, (await priv.outcome).signal, inner.closing, m.openCages().length);
  try { cage.spawn('true') } catch (e) { console.log(e.code) }
}
