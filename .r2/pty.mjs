import pty from '@lydell/node-pty';
import { launcherFor } from 'memcage';
const launcher = launcherFor({ memory: '50M' });
const shell = pty.spawn(launcher.file, [...launcher.args, 'bash', '--norc', '-i'], { cols: 80 });
let out=''; shell.onData(d=>{out+=d});
launcher.cage.on('oom', e=>console.log('oom', e));
shell.write('tty; echo pid $$ ; tail /dev/zero\r');
setTimeout(()=>shell.write('echo still $?\rexit 3\r'), 1500);
shell.onExit(async e=>{console.log(JSON.stringify(e), shell.pid, out); console.log(await launcher.close())});
