const kept = [];
for (;;) kept.push({ number: kept.length, text: String(kept.length) });
