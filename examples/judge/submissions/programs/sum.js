// Verdict: accepted
const numbers = require('node:fs').readFileSync(0, 'utf8').trim().split('\n');
console.log(numbers.reduce((sum, number) => sum + Number(number), 0));
