import { execa } from 'execa';
import { createCage } from 'memcage';
const cage = createCage({ memory: '50M' });
cage.on('oom', e=>console.log('oom', e));
console.log((await cage.contain(() => execa('echo',['hi']))).stdout);
const r = await cage.contain(() => execa({reject:false})`tail /dev/zero`);
console.log(r.shortMessage, r.failed, r.signal, r.isTerminated);
await cage.close();
