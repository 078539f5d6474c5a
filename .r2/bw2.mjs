import { run, createCage, spawn } from 'memcage';
const node = process.execPath;
const show = (n) => [(r)=>console.log(n, r.exitCode, r.signal, r.oom?.cause, r.stdout, r.stderr), (e)=>console.log(n,'REJECT', e.message)];
const inside = `const {run,isSupported,whyUnsupported}=require('memcage'); (async()=>{await run('sh',['-c','cat /proc/self/cgroup; exit 0'],{memory:'50M'}).then(r=>console.log(r.stdout,r.enforcedBy),e=>console.log(e.code,e.message));
await run('tail',['/dev/zero'],{memory:'50M'}).then(r=>console.log(r.stdout,r.enforcedBy),e=>console.log(e.code,e.message))})()`;
for (const un of [['--unshare-all'], ['--unshare-user','--unshare-pid','--unshare-net','--unshare-ipc','--unshare-uts']]) {
const cage = createCage({ memory: '200M' });
const place = cage.cgroup.path;
console.log(place);
const bw = ['bwrap','--ro-bind','/','/',...un,'--die-with-parent', '--dev','/dev','--proc','/proc', '--bind', place, place];
await cage.run(bw[0], [...bw.slice(1), node, '-e', inside], {reject:false}).then(...show('own'));
await cage.run(bw[0], [...bw.slice(1), '--setenv','MEMCAGE_PARENT',place, node, '-e', inside], {reject:false}).then(...show('parent'));
await cage.close();
}
