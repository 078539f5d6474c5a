// Usage: options.mjs [--check]
// Writes the tables of docs/reference/options.md, from the option types and option-facts.mjs. With --check it fails if they differ.
import { table, writeParts } from './generated.mjs';
import { GROUPS, TABLES } from './option-facts.mjs';
import { optionRows } from './option-rows.mjs';

const HEAD = ['option', 'what', 'v1', 'v2', 'polled', 'functions', 'default', 'Linux'];
const rows = optionRows();

function cells(row) {
  const { path, what, page, functions, v1, v2, polled, linux } = row;
  const around = rows.find((each) => each.path === row.around);
  const text = inShort(functions);
  const isAsAround = around !== undefined && inShort(around.functions) === text;
  return [`[\`${path}\`](${page})`, what, v1, v2, polled, isAsAround ? '' : text, defaultOf(row), linux];
}

function defaultOf({ functions, required, fallback }) {
  if (required.length === 0) return fallback;
  const others = functions.filter((name) => !required.includes(name));
  if (others.length === 0) return 'required';
  return required.length > others.length
    ? `required, but for ${inShort(others)}`
    : `${fallback}; required for ${inShort(required)}`;
}

/** Whole groups by their letters, others by name: `SYM`, `readMany`. */
function inShort(functions) {
  const whole = Object.entries(GROUPS).filter(([, names]) => names.every((name) => functions.includes(name)));
  const needed = whole.filter(
    (group) => !group[1].every((name) => whole.some((other) => other !== group && other[1].includes(name))),
  );
  const named = functions.filter((name) => !needed.some(([, names]) => names.includes(name)));
  const letters = needed.map(([letter]) => letter).join('');
  return [letters, ...named.map((name) => `\`${name}\``)].filter((text) => text !== '').join(' ');
}

const legend = Object.entries(GROUPS).map(([letter, names]) => [letter, names.map((name) => `\`${name}\``).join(' ')]);
const tables = TABLES.map(({ title }) => {
  const own = rows.filter((row) => row.title === title);
  return `## ${title}\n\n${table([HEAD, ...own.map(cells)])}`;
});
writeParts(
  'docs/reference/options.md',
  { functions: table([['', 'functions'], ...legend]), options: tables.join('\n\n') },
  'docs:options',
);
