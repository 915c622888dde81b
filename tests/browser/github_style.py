"""How GitHub shows a comment, as far as a picture of one needs it."""

from __future__ import annotations

LIGHT = """
:root { --page: #ffffff; --head: #f6f8fa; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --link: #0969da;
  --code: #818b981f; --block: #f6f8fa; }
"""
DARK = """
:root { --page: #0d1117; --head: #151b23; --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --link: #4493f8;
  --code: #656c7633; --block: #151b23; }
"""
STYLE = """
body { margin: 0; padding: 16px; background: var(--page); color: var(--ink);
  font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; }
.frame { border: 1px solid var(--line); border-radius: 6px; max-width: 920px; }
.by { padding: 8px 16px; background: var(--head); border-bottom: 1px solid var(--line); color: var(--soft);
  border-radius: 6px 6px 0 0; }
.by b { color: var(--ink); }
article { padding: 16px; overflow-wrap: break-word; }
article > :first-child { margin-top: 0; } article > :last-child { margin-bottom: 0; }
h3 { font-size: 1.25em; margin: 0 0 16px; line-height: 1.25; }
p, ul, details, table, pre, blockquote { margin: 0 0 16px; }
a { color: var(--link); }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
th, td { border: 1px solid var(--line); padding: 6px 13px; }
tr:nth-child(2n) td { background: var(--head); }
code { font: 85% ui-monospace, SFMono-Regular, "Liberation Mono", Menlo, monospace; background: var(--code);
  border-radius: 6px; padding: .2em .4em; }
pre { background: var(--block); border-radius: 6px; padding: 16px; overflow: auto; }
pre code { background: none; padding: 0; }
sub { font-size: 75%; line-height: 0; vertical-align: baseline; position: relative; bottom: -.25em; }
.chart { text-align: center; } .chart svg { max-width: 100%; }
"""
