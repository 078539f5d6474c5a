/** All checks together must be done by then. A guest of test/guest, which has to boot too, is killed after 600 s. */
exports.CHECKS_MS = 480_000;
