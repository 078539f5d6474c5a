/** What the bench forks: it says that it runs, and ends with its channel. */
process.once('message', () => process.disconnect());
process.send?.('running');
