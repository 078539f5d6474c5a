export const { version: VERSION } = require('../../../package.json') as { version: string };
