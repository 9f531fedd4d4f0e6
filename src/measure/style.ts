/** How the report looks. */
export const STYLE = `
:root { --back: #fff; --ink: #1c2430; --faint: #5d6779; --line: #e1e5eb; --panel: #f7f8fa; --good: #12733c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #14171c; --ink: #e6e9ee; --faint: #9aa5b5; --line: #2c323c; --panel: #1b1f26; --good: #5fce8f; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 16px 16px 64px; }
section { border-top: 1px solid var(--line); margin-top: 36px; }
h1 { font-size: 26px; line-height: 1.25; margin: 16px 0 8px; }
h2 { font-size: 20px; margin: 24px 0 4px; }
h3 { font-size: 15px; margin: 20px 0 6px; }
.setup, .note { color: var(--faint); margin: 0 0 12px; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 16px 24px; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--good); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { padding: 6px 14px 6px 0; border-top: 1px solid var(--line); vertical-align: top; }
.numbers th, .numbers td { white-space: nowrap; }
.numbers td { font-variant-numeric: tabular-nums; }
.findings td:first-child { width: 38%; }
.findings td:last-child { white-space: nowrap; }
.fields td:first-child { color: var(--faint); white-space: nowrap; width: 1%; }
.fields td { overflow-wrap: anywhere; padding-block: 3px; }
.agrees { color: var(--good); }
.disagrees { color: var(--bad); font-weight: 600; }
.no-data, small { color: var(--faint); }
summary { cursor: pointer; font-weight: 600; padding: 6px 0; }
@media (max-width: 640px) {
  .findings thead { display: none; }
  .findings tr { display: block; border-top: 1px solid var(--line); padding: 8px 0; }
  .findings td, .findings td:first-child { display: block; width: auto; border: 0; padding: 2px 0; }
  .findings td:first-child { font-weight: 600; }
}
`;
