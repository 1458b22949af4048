/**
 * The style sheet of the HTML report: both colour schemes, one column on a phone, black on white in
 * print. Colours of the series keep a contrast of at least 3 : 1 to their background; every other
 * curve is dashed too, for those who cannot tell the colours apart.
 */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #ffffff; --ink: #1c2126; --soft: #5b6670; --rule: #e3e6e9; --grid: #eceef0;
  --accent: #0b5cad;
  --c0: #b4600a; --c1: #4a6fa5; --c2: #a8327d; --c3: #0a8060; --c4: #6b4fc8;
  --c5: #8a6a1f; --c6: #0d7f93; --c7: #bf3a30; --c8: #66717d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1b1f23; --ink: #e8eaec; --soft: #9aa5af; --rule: #2d3339; --grid: #282d33;
    --accent: #7cb8f5;
    --c0: #eb9a4b; --c1: #86abe0; --c2: #e07cbc; --c3: #45c49c; --c4: #a996f5;
    --c5: #cfae5e; --c6: #54c1d4; --c7: #f0857c; --c8: #a3aeb9;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
.kind { color: var(--soft); font-size: 14px; margin: 0 0 8px; }
h1 { font-size: clamp(21px, 3vw, 29px); line-height: 1.25; letter-spacing: -0.01em; margin: 0 0 12px; text-wrap: balance; }
h2 { font-size: 20px; margin: 44px 0 12px; letter-spacing: -0.005em; }
h3 { font-size: 15px; margin: 0 0 2px; }
p { margin: 0 0 8px; max-width: 75ch; }
.soft, figcaption p, .note { color: var(--soft); font-size: 14px; }
.note { max-width: none; }
ul { margin: 0; padding-left: 20px; max-width: 80ch; font-size: 15px; }
li { margin: 4px 0; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 16px 0 0; padding: 0; list-style: none; font-size: 14px; max-width: none; }
.legend li { display: flex; align-items: center; gap: 8px; margin: 0; }
.legend svg { width: 26px; height: 8px; flex: none; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; }
.grid.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); }
.grid, .between { margin-top: 16px; }
.between { margin-bottom: 10px; }
section { border-top: 1px solid var(--rule); margin-top: 44px; }
section h2 { margin-top: 28px; }
nav { margin-top: 12px; }
a { color: var(--accent); }
.card, figure { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 16px 18px; margin: 0; min-width: 0; }
figcaption { margin-bottom: 10px; }
figcaption p { margin: 0; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--ink); font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
svg .tick { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
svg .head { fill: var(--soft); font-size: 12px; }
svg .name { font-size: 12.5px; fill: var(--c); }
svg .figure { font-size: 11.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .name, svg .figure, svg .head { paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round; }
svg line.grid { stroke: var(--grid); stroke-width: 1; }
svg .even { stroke: var(--soft); stroke-width: 1.25; stroke-dasharray: 3 3; }
svg .curve { fill: none; stroke: var(--c); stroke-width: 2.25; stroke-linejoin: round; stroke-dasharray: var(--dash, none); }
svg .bar { fill: var(--c); opacity: 0.28; }
svg .solid { fill: var(--c); opacity: 0.85; }
svg .whisker { stroke: var(--c); stroke-width: 1.5; }
svg .mark { stroke: var(--ink); stroke-width: 2; }
svg .hollow { fill: var(--card); stroke: var(--c); stroke-width: 2; }
svg .full { fill: var(--c); }
svg .trail { fill: none; stroke: var(--c); stroke-width: 1; opacity: 0.45; stroke-linejoin: round; }
svg .key { stroke: var(--c); stroke-width: 3; }
svg .moving circle { stroke: var(--card); stroke-width: 1.5; }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); --dash: 7 4; } .s2 { --c: var(--c2); --dash: 2 3; }
.s3 { --c: var(--c3); } .s4 { --c: var(--c4); --dash: 7 4; } .s5 { --c: var(--c5); --dash: 2 3; }
.s6 { --c: var(--c6); } .s7 { --c: var(--c7); --dash: 7 4; } .s8 { --c: var(--c8); --dash: 2 3; }
.wide { overflow-x: auto; }
.table { margin: 0 0 20px; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 18px 10px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; margin-top: 8px; }
th, td { text-align: right; padding: 6px 0 6px 18px; border-top: 1px solid var(--rule); white-space: nowrap; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; }
th:first-child { text-align: left; padding-left: 0; font-weight: 500; }
.card table { font-size: 13.5px; }
.card th:first-child { white-space: normal; }
td small { color: var(--soft); font-size: 12.5px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin: 0; font-size: 14px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
details { margin-top: 14px; font-size: 14px; }
summary { cursor: pointer; color: var(--accent); }
pre { overflow-x: auto; font-size: 12.5px; line-height: 1.5; background: var(--paper); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 12px; }
@media (prefers-reduced-motion: reduce) { svg .moving { display: none; } }
@media (max-width: 560px) {
  main { padding: 20px 14px 48px; }
  .card, figure, .table { padding: 12px; }
  svg .name { font-size: 15px; }
  svg .tick, svg .figure, svg .head { font-size: 13.5px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print {
  svg .moving { display: none; }
  .wide { overflow: visible; }
  table { font-size: 9pt; }
  th, td { padding-left: 8px; white-space: normal; }
  details:not([open]) { display: none; }
  :root {
    color-scheme: light;
    --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #ccc; --grid: #e5e5e5; --accent: #000;
    --c0: #b4600a; --c1: #4a6fa5; --c2: #a8327d; --c3: #0a8060; --c4: #6b4fc8;
    --c5: #8a6a1f; --c6: #0d7f93; --c7: #bf3a30; --c8: #66717d;
  }
  main { max-width: none; padding: 0; }
  figure, .table, .card { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .grid { grid-template-columns: 1fr 1fr; }
}
`.trim()
