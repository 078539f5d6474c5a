// A job: runs in a process and a cage of its own. What it takes is freed when it ends.
export default async function (job) {
  const { mebibytes } = job.data;
  await job.log(`takes ${mebibytes} MiB`);
  return { taken: Buffer.alloc(mebibytes * 2 ** 20, 1).length / 2 ** 20 };
}
