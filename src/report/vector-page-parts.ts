/** The style and the script of the vector page. */

/** The number of colours of the heat map: the classes `h0` to `h8` in the style. */
export const HEAT_STEPS = 9;

/** The style. The text, black in light mode and near-white in dark mode, has a contrast of at least 4.5 on each colour. */
export const STYLE = `
:root {
  --page: #fff; --ink: #111; --soft: #5c5f66; --line: #e3e4e8; --tip: #111; --tip-ink: #fff;
  --h1: #fff4d6; --h2: #ffe8ad; --h3: #fed97f; --h4: #fec35c; --h5: #fda546; --h6: #fb8236; --h7: #f0632f; --h8: #e34a28;
  --g0: #fbdc92; --g1: #fb9a3c; --g2: #e34a28;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181c; --ink: #f3f0ea; --soft: #a3a8b0; --line: #30343b; --tip: #f3f0ea; --tip-ink: #16181c;
    --h1: #2b2618; --h2: #3d3019; --h3: #53391a; --h4: #6b3f1a; --h5: #84411b; --h6: #9b3f1b; --h7: #b03a1b; --h8: #c2361b;
    --g0: #6f5a2c; --g1: #b8702a; --g2: #ee5a34;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem;
  background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 1rem 0 1.25rem; }
dt, h2, .label, .scale, footer { color: var(--soft); font-size: .8125rem; font-weight: 400; }
dd { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.scale { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .625rem; font-variant-numeric: tabular-nums; }
.steps { display: flex; border: 1px solid var(--line); border-radius: 3px; overflow: hidden; }
.steps i { width: 1.5rem; height: .875rem; }
header svg { position: absolute; }
section {
  display: grid; grid-template-columns: 8rem minmax(0, 1fr); column-gap: 1.5rem;
  padding: 1.5rem 0; border-top: 1px solid var(--line); margin-top: 1.5rem;
  content-visibility: auto; contain-intrinsic-size: auto 14rem;
}
section + section { margin-top: 0; }
h2 { font-size: inherit; }
.label { grid-row: 1 / 3; }
.label b { display: block; color: var(--ink); font-size: 1.5rem; font-weight: 500; line-height: 1.2; font-variant-numeric: tabular-nums; }
.text { font-size: 1.125rem; line-height: 1.9; overflow-wrap: anywhere; }
.text span { padding: .125em .2em; border-radius: 4px; unicode-bidi: isolate; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.text span[data-oov] { text-decoration: underline wavy 1px var(--soft); text-underline-offset: .2em; }
.text .on { outline: 2px solid var(--ink); }
.text:focus { outline: none; }
.empty { color: var(--soft); }
.chart { grid-column: 2; position: relative; height: 7rem; margin: 1rem 0 .5rem; border-bottom: 1px solid var(--line); }
.chart svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.tick, .level, .cursor { position: absolute; left: 0; right: 0; pointer-events: none; }
.tick { border-top: 1px solid var(--line); }
.tick span { position: absolute; right: 100%; margin-right: .5rem; transform: translateY(-50%); color: var(--soft); font: .75rem/1 system-ui, sans-serif; }
.level { border-top: 1.5px dashed var(--ink); opacity: .6; }
.cursor { top: 0; bottom: 0; right: auto; min-width: 2px; background: var(--ink); opacity: .18; }
footer { border-top: 1px solid var(--line); padding-top: 1rem; }
#tip {
  position: fixed; z-index: 1; max-width: min(22rem, calc(100vw - 1rem)); padding: .625rem .75rem; border-radius: 6px;
  background: var(--tip); color: var(--tip-ink); font-size: .8125rem; line-height: 1.45; overflow-wrap: anywhere; pointer-events: none;
}
#tip[hidden], .cursor[hidden] { display: none; }
#tip b { display: block; font-size: .9375rem; }
${Array.from({ length: HEAT_STEPS - 1 }, (_, i) => `.h${i + 1} { background: var(--h${i + 1}); }`).join('\n')}
${[0, 1, 2].map(i => `.g${i} { stop-color: var(--g${i}); }`).join('\n')}
@media (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; }
  section { display: block; }
  .label { display: flex; align-items: baseline; gap: .75rem; margin-bottom: .375rem; }
  .label b { display: inline; font-size: 1.125rem; }
  .chart { margin-left: 2.5rem; }
  .steps i { width: 1rem; }
}
@media (forced-colors: active) { .text span, .steps i, .chart { forced-color-adjust: none; } }
@media print { body { max-width: none; } section { content-visibility: visible; break-inside: avoid; } }
`;

/** The script. It shows the figures of a token while the mouse is on the token in the text or the chart, or the arrow keys have selected it. */
export const SCRIPT = `
'use strict';
const tip = document.getElementById('tip');
let current;

function show(token) {
  if (token === current) return;
  hide();
  current = token;
  const tokens = [...token.parentElement.children];
  const at = tokens.indexOf(token);
  const { v, p, m, oov } = token.dataset;
  const ngram = tokens.slice(Math.max(0, at + 1 - m), at + 1).map(each => each.textContent);
  if (ngram.length < m) ngram.unshift('<s>');
  const name = document.createElement('b');
  name.textContent = token.textContent;
  const match = oov === undefined ? 'matched ' + m + (m === '1' ? ' token: ' : ' tokens: ') + ngram.join(' ') : 'outside the vocabulary';
  const rows = ['value ' + v, 'log10 p ' + p.replace('-', '\\u2212'), match];
  tip.replaceChildren(name, ...rows.map(text => {
    const row = document.createElement('div');
    row.textContent = text;
    return row;
  }));
  tip.hidden = false;
  token.classList.add('on');
  const cursor = token.closest('section').querySelector('.cursor');
  cursor.style.left = 100 * at / tokens.length + '%';
  cursor.style.width = 100 / tokens.length + '%';
  cursor.hidden = false;
  place(token.getClientRects()[0]);
}

function place(box) {
  const margin = 8;
  const left = Math.min(box.left, innerWidth - tip.offsetWidth - margin);
  const below = box.bottom + margin;
  const top = below + tip.offsetHeight < innerHeight ? below : box.top - tip.offsetHeight - margin;
  tip.style.left = Math.max(margin, left) + 'px';
  tip.style.top = Math.max(margin, top) + 'px';
}

function hide() {
  if (!current) return;
  current.classList.remove('on');
  current.closest('section').querySelector('.cursor').hidden = true;
  current = undefined;
  tip.hidden = true;
}

function pointed(event) {
  const token = event.target.closest('.text > span');
  if (token) return token;
  const chart = event.target.closest('.chart');
  if (!chart) return undefined;
  const box = chart.getBoundingClientRect();
  const tokens = chart.closest('section').querySelector('.text').children;
  const at = Math.floor((event.clientX - box.left) / box.width * tokens.length);
  return tokens[Math.min(tokens.length - 1, Math.max(0, at))];
}

for (const type of ['pointermove', 'click']) {
  document.addEventListener(type, event => {
    const token = pointed(event);
    if (token) show(token);
    else hide();
  });
}
document.addEventListener('scroll', () => current && place(current.getClientRects()[0]), { passive: true });
document.addEventListener('focusin', event => {
  if (event.target.matches('.text:focus-visible')) show(event.target.firstElementChild);
});
document.addEventListener('focusout', hide);
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') return hide();
  const text = event.target.closest('.text');
  if (!text || event.ctrlKey || event.metaKey || event.altKey) return;
  const tokens = text.children;
  const at = current && current.parentElement === text ? [].indexOf.call(tokens, current) : -1;
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tokens.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const token = tokens[Math.min(tokens.length - 1, Math.max(0, to))];
  token.scrollIntoView({ block: 'nearest' });
  show(token);
});
`;
