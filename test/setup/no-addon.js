// Tests in test/pure get this instead of an addon: what they prove must hold on every kernel.
throw new Error('A test in test/pure loaded the addon, which asks the kernel. It belongs in test/integration.');
