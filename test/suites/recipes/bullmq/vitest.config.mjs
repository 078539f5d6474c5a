export default {
  test: { include: ['tests/sandboxed_process.test.ts'], testTimeout: 20_000, hookTimeout: 20_000, retry: 0 },
};
