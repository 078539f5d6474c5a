/** A module for the bench: it answers each message, and ends with its channel. */
process.on('message', (message) => process.send?.(message));
