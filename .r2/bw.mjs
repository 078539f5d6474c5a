import { run } from 'memcage';
const t = (a, o) => run(a[0], a.slice(1), { memory: '100M', reject:false, ...o }).then(r=>console.log(r.exitCode, r.signal, r.oom, r.stdout, r.stderr, r.enforcedBy), e=>console.log('REJECT', e.message));
const bw = ['bwrap','--ro-bind','/','/','--unshare-all','--die-with-parent', '--dev','/dev','--proc','/proc'];
await t([...bw, 'sh','-c','echo hi; exit 3']);
await t([...bw, 'tail','/dev/zero']);
await t([...bw, 'sh','-c','tail /dev/zero; echo survived $?']);
await t([...bw, '--unshare-all', 'sh','-c','sleep 100 & sleep 100'], {timeout: 500});
// inside
const node = process.execPath;
await t([...bw, node, '/tmp/wt/r2/dist/cli.js', 'doctor']);
const inside = `const {run,isSupported,whyUnsupported}=require('memcage'); run('cat',['/proc/self/cgroup'],{memory:'20M'}).then(r=>console.log(r.stdout,r.enforcedBy),e=>console.log(e.code,e.message))`;
await t([...bw, node, '-e', inside]);
await t([...bw, '--bind','/sys/fs/cgroup','/sys/fs/cgroup', node, '-e', inside]);
await t(['bwrap','--bind','/','/','--unshare-pid','--dev','/dev','--proc','/proc', node, '-e', inside]);
const polled = inside.replace("'20M'", "'20M',enforce:'polled'");
await t([...bw, node, '-e', polled]);
