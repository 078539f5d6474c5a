/** Opens the search if the address ends with `#search`, as after a wrong one (scripts/site/not-found.html). */
export function openSearch() {
  if (location.hash === '#search') document.querySelector('.VPNavBarSearchButton')?.click();
}
