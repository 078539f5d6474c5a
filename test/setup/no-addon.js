// What a test in test/pure gets instead of an addon: what it proves must hold on every kernel.
throw new Error('A test in test/pure loaded the addon, which asks the kernel. It belongs in test/integration.');
