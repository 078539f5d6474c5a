/** A program for the bench to fork: it says that it runs, and ends with its channel. */
process.once('message', () => process.disconnect());
process.send?.('running');
