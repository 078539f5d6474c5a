// A test that looks for a process, finds none and kills 0 would kill its own process group: the whole run, and nobody
// learns which test it was.
const kill = process.kill.bind(process);
process.kill = (pid, signal) => {
  if (pid === 0) throw new Error('pid 0 would be the process group of this test');
  return kill(pid, signal);
};
