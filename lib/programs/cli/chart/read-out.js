// Runs in the page of a chart, in a browser. Shows the sample nearest to the pointer, or steps with the arrow keys.
(() => {
  const { durationMs, gaps, points } = JSON.parse(document.getElementById('samples').textContent);
  const figure = document.querySelector('figure');
  const tip = document.getElementById('tip');
  if (points.length === 0) return;
  let chosen = -1;

  const size = (bytes) => {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    while (bytes >= 1023.95 && unit < units.length - 1) {
      bytes /= 1024;
      unit += 1;
    }
    return `${Math.round(bytes * 10) / 10} ${units[unit]}`;
  };
  const time = (ms) => {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 60000) return `${(ms / 1000).toFixed(2)} s`;
    const s = Math.floor(ms / 1000);
    const two = (count) => String(count).padStart(2, '0');
    return `${(s < 3600 ? '' : `${Math.floor(s / 3600)}:`) + two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };

  const show = (index) => {
    chosen = Math.max(0, Math.min(points.length - 1, index));
    const [at, usage, anon, file, kernel, swap] = points[chosen];
    const svg = [...figure.querySelectorAll('svg')].find((each) => each.getBoundingClientRect().width > 0);
    if (!svg) return;
    const { from, to, bottom, topBytes } = svg.dataset;
    const x = Number(from) + (at / durationMs) * (to - from);
    const line = svg.querySelector('.cursor');
    const y = bottom - (usage / topBytes) * (bottom - line.getAttribute('y1'));
    const dot = svg.querySelector('.dot');
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    dot.setAttribute('cx', x);
    dot.setAttribute('cy', y);
    line.style.visibility = dot.style.visibility = 'visible';
    const rows = [
      ['use', usage],
      ['anon', anon],
      ['file', file],
      ['kernel', kernel],
    ];
    if (swap > 0) rows.push(['swap', swap]);
    tip.textContent = [time(at), ...rows.map(([name, bytes]) => `${name}\t${size(bytes)}`)].join('\n');
    tip.hidden = false;
    const box = svg.getBoundingClientRect();
    const outer = figure.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const left = box.left - outer.left + x * scale;
    const before = left + 14 + tip.offsetWidth > outer.width;
    tip.style.left = `${before ? left - 14 - tip.offsetWidth : left + 14}px`;
    tip.style.top = `${Number(line.getAttribute('y1')) * scale + 8}px`;
  };

  const hide = () => {
    chosen = -1;
    tip.hidden = true;
    for (const each of figure.querySelectorAll('.cursor, .dot')) each.style.visibility = 'hidden';
  };

  figure.addEventListener('pointermove', (event) => {
    const svg = event.target.closest('svg');
    if (!svg) return;
    const box = svg.getBoundingClientRect();
    const { from, to } = svg.dataset;
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const at = ((x - from) / (to - from)) * durationMs;
    let nearest = 0;
    points.forEach(([ms], index) => {
      if (Math.abs(ms - at) < Math.abs(points[nearest][0] - at)) nearest = index;
    });
    // Where samples are missing, nothing is known.
    if (gaps.some(([from, to]) => from < at && at < to)) hide();
    else show(nearest);
  });
  figure.addEventListener('pointerleave', hide);
  figure.addEventListener('blur', hide);
  figure.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(chosen < 0 ? (step > 0 ? 0 : points.length - 1) : chosen + step);
  });
})();
