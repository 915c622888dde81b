"""The style sheet of the HTML report: light and dark, from phone to desk."""

from __future__ import annotations

CSS = """
:root {
  color-scheme: light dark;
  --page: #f6f8fa; --card: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --code: #eff1f3;
  --link: #0969da; --good: #1a7f37; --bad: #cf222e; --unsure: #9a6700; --quiet: #59636e; --track: #e6eaef;
  --champion: #8c959f; --challenger: #0969da;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --card: #151b23; --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --code: #262c36;
    --link: #58a6ff; --good: #3fb950; --bad: #f85149; --unsure: #d29922; --quiet: #9198a1; --track: #2a313c;
    --champion: #7d8590; --challenger: #58a6ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
}
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
header, section {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1.25rem; margin-bottom: 1.25rem;
}
header, section.request { border-left: .4rem solid var(--tone); }
.good { --tone: var(--good); } .bad { --tone: var(--bad); } .quiet { --tone: var(--quiet); }
.unsure, .waiting, .trial { --tone: var(--unsure); }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .75rem; overflow-wrap: anywhere; }
summary { cursor: pointer; } summary h2 { display: inline; }
p, ul { margin: .5rem 0; } ul { padding-left: 1.25rem; }
a { color: var(--link); }
code {
  font: .875em ui-monospace, SFMono-Regular, "Liberation Mono", Menlo, monospace;
  background: var(--code); border-radius: .25rem; padding: .1em .35em; overflow-wrap: anywhere;
}
h1 code, h2 code { font-size: .9em; }
.scroll { overflow-x: auto; margin: 1rem 0; }
.scroll:first-child { margin-top: 0; } .scroll:last-child { margin-bottom: 0; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding-bottom: .35rem; }
th, td { border-top: 1px solid var(--line); padding: .45rem .75rem .45rem 0; text-align: left; }
th { color: var(--soft); font-size: .8rem; font-weight: 600; border-top: 0; white-space: nowrap; }
td { vertical-align: top; }
td code { overflow-wrap: normal; }
.diff { border: 1px solid var(--line); border-radius: .25rem; padding: .75rem; font-size: .8rem; }
.diff { white-space: pre-wrap; overflow-wrap: anywhere; }
.diff .added { color: var(--good); } .diff .removed { color: var(--bad); } .diff .head { color: var(--soft); }
.figure, .chip { white-space: nowrap; font-variant-numeric: tabular-nums; }
.chip { color: var(--tone); font-weight: 600; }
.better { color: var(--good); } .worse { color: var(--bad); }
.bars { display: block; min-width: 8rem; padding-top: .35rem; }
.bar {
  display: block; height: .45rem; background: var(--track); border-radius: .25rem; margin-bottom: .25rem;
}
.bar i { display: block; height: 100%; border-radius: .25rem; }
.champion i { background: var(--champion); } .challenger i { background: var(--challenger); }
.claimed { border: 1px dashed var(--unsure); border-radius: .5rem; padding: .6rem .75rem 0; margin: 1rem 0; }
.claimed caption { color: var(--unsure); }
.plot { display: block; width: 100%; min-width: 12rem; overflow: visible; }
.plot text { fill: var(--soft); font-size: .75rem; }
.plot line { stroke: var(--soft); } .plot .limit { stroke: var(--ink); stroke-dasharray: 3 2; }
.plot .span { stroke-width: 4; stroke-opacity: .55; }
.plot .span.better { stroke: var(--good); } .plot .span.worse { stroke: var(--bad); }
.plot .span.either { stroke: var(--unsure); }
.plot circle.better { fill: var(--good); } .plot circle.worse { fill: var(--bad); }
.plot circle.either { fill: var(--unsure); }
.charts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17.5rem, 100%), 1fr)); gap: 1.5rem;
  margin: 1.25rem 0;
}
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; }
figcaption { overflow-wrap: anywhere; } figure .soft { font-size: .8rem; margin: .25rem 0 0; }
.drawn { display: block; width: 100%; max-width: 26rem; height: auto; }
.drawn text { fill: var(--soft); font-size: 12px; }
.drawn .named, .drawn .amount { fill: var(--ink); } .drawn .amount { font-variant-numeric: tabular-nums; }
.drawn .given {
  fill: var(--ink); font: 11px ui-monospace, SFMono-Regular, "Liberation Mono", Menlo, monospace;
}
.drawn .over { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
.keys { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; }
.key { margin-right: 1rem; white-space: nowrap; }
.key::before {
  content: ""; display: inline-block; width: 1.4rem; margin-right: .35rem; vertical-align: .2rem;
  border-top: 2px solid var(--challenger);
}
.key.champion::before { border-top: 2px dashed var(--champion); }
.do { border-left: .25rem solid var(--tone, var(--line)); padding-left: .75rem; }
.soft, footer { color: var(--soft); font-size: .875rem; }
footer { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
@media print {
  :root {
    --page: #ffffff; --card: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --code: #eff1f3;
    --link: #0969da; --good: #1a7f37; --bad: #cf222e; --unsure: #9a6700; --quiet: #59636e; --track: #e6eaef;
    --champion: #8c959f; --challenger: #0969da;
  }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; } .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; }
  figure, tr, .do { break-inside: avoid; } h1, h2, caption { break-after: avoid; }
}
@media (max-width: 40rem) {
  h1 { font-size: 1.35rem; } header, section { padding: 1rem; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; }
  thead { display: none; }
  table, caption, tbody, tr, td { display: block; }
  tr { border-top: 1px solid var(--line); padding: .5rem 0; }
  td { border: 0; padding: .15rem 0; display: grid; grid-template-columns: 6.5rem 1fr; gap: .5rem; }
  td:empty { display: none; }
  td::before { content: attr(data-title); color: var(--soft); font-size: .875rem; }
  td code { overflow-wrap: anywhere; } td > * { min-width: 0; } .plot, .bars { min-width: 0; }
}
"""
