// The windows of the overseer, for fixtures that run under plain Node: only what happens within one is a point.
const { faults } = require('../native/addons.js');

const MARK = 0x6d656d63;

module.exports = {
  openWindow: () => void faults.call('prctl', MARK, 1),
  closeWindow: () => void faults.call('prctl', MARK, 2),
};
