/** Scrolls the list at the side to the page that is open, if it is not in sight there. */
export function showPlace() {
  // Once the group that the page is in has opened.
  requestAnimationFrame(() => {
    const side = document.querySelector('.VPSidebar');
    const item = side?.querySelector('.VPSidebarItem.is-active > .item')?.getBoundingClientRect();
    if (item === undefined) return;
    const bar = document.querySelector('.VPNav').getBoundingClientRect();
    const isInSight = item.top >= bar.bottom && item.bottom <= window.innerHeight;
    if (!isInSight) side.scrollTop += item.top - window.innerHeight / 2;
  });
}
