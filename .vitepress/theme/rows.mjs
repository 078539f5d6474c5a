/** Marks the row of a table to which the address leads. `:target` is not there after a link within the site. */
export function markRow() {
  for (const row of document.querySelectorAll('tr.target')) row.classList.remove('target');
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row?.tagName === 'TR') row.classList.add('target');
}
