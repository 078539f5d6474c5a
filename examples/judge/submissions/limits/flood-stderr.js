// Verdict: output limit
for (;;) require('node:fs').writeSync(2, 'spam\n'.repeat(1000));
