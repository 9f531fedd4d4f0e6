/** How the page looks: calm, in the colours that the reader's system prefers. */
export const STYLE = String.raw`
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --panel: #ffffff; --ink: #1d2329; --soft: #667079; --line: #e3e5e2; --lane: #d5d9d6;
  --hover: #f0f2ef; --chosen: #dfeaf7; --accent: #1f5fae; --wrong: #b3261e; --wrong-paper: #fdecea; --barrier: #b7791f;
  --ring-0: #5b6672; --ring-1: #1f77b4; --ring-2: #2a8c55; --ring-3: #9256b8; --ring-4: #c2571a; --ring-5: #117a8b; --ring-6: #b13b6e; --ring-7: #7a7a1e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --panel: #1b1f23; --ink: #e4e7ea; --soft: #98a2ab; --line: #2b3137; --lane: #343b42;
    --hover: #20252a; --chosen: #22364d; --accent: #7fb2ee; --wrong: #ff8a80; --wrong-paper: #3a1d1c; --barrier: #e0a84a;
    --ring-0: #9aa5b0; --ring-1: #62a8e0; --ring-2: #5fc48b; --ring-3: #c297e4; --ring-4: #f0955c; --ring-5: #54bccd; --ring-6: #ea86b1; --ring-7: #c6c65a;
  }
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
button, input, select { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; }
button { cursor: pointer; }
button:hover { background: var(--hover); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
header { display: flex; flex-wrap: wrap; gap: 8px 10px; align-items: center; padding: 8px 14px; border-bottom: 1px solid var(--line); background: var(--panel); }
h1 { font-size: 15px; font-weight: 600; margin: 0 6px 0 0; max-width: 26em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; direction: rtl; }
h2 { font-size: 16px; font-weight: 600; margin: 2px 0 10px; line-height: 1.35; overflow-wrap: anywhere; }
h3 { font-size: 12px; font-weight: 600; margin: 16px 0 5px; color: var(--soft); }
#words { width: 15em; }
header select { max-width: 13em; }
#count { color: var(--soft); margin-left: auto; font-variant-numeric: tabular-nums; white-space: nowrap; }
label { display: inline-flex; gap: 5px; align-items: center; white-space: nowrap; }
#banner { padding: 9px 14px; background: var(--wrong-paper); border-bottom: 1px solid var(--wrong); display: grid; grid-template-columns: max-content 1fr; gap: 1px 12px; max-height: 32vh; overflow: auto; }
#banner[hidden] { display: none; }
#banner strong { grid-column: 1 / -1; color: var(--wrong); }
#banner strong button { margin-left: 10px; padding: 0 8px; font-weight: 400; color: var(--ink); }
#banner span { color: var(--soft); }
code, .mono { font: 12.5px/1.45 ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
main { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(0, 1fr) 380px; }
#scroller { position: relative; overflow-y: auto; overflow-x: hidden; outline-offset: -2px; }
#canvas { position: sticky; top: 0; left: 0; display: block; }
#spacer { position: absolute; top: 0; left: 0; width: 1px; pointer-events: none; }
aside { border-left: 1px solid var(--line); background: var(--panel); padding: 12px 16px 24px; overflow-y: auto; }
aside p { margin: 0; color: var(--soft); }
aside ul { margin: 0; padding: 0; list-style: none; }
aside li { padding: 1px 0 1px 12px; text-indent: -12px; overflow-wrap: anywhere; }
aside li::before { content: '→ '; color: var(--soft); }
.jump { display: block; width: 100%; text-align: left; border: 0; background: none; padding: 2px 6px; margin-left: -6px; border-radius: 5px; color: var(--accent); overflow-wrap: anywhere; }
.chips { display: flex; flex-wrap: wrap; gap: 5px; }
.chips button, .node { padding: 0 7px; font: 12.5px/1.7 ui-monospace, SFMono-Regular, Menlo, monospace; }
.chips button[aria-pressed='true'] { background: var(--chosen); border-color: var(--accent); }
.node { border: 1px solid var(--soft); border-radius: 4px; }
.node.written { background: var(--barrier); border-color: var(--barrier); color: var(--paper); }
.tree { width: 100%; height: 62px; display: block; }
.tree text { fill: var(--soft); font-size: 11px; }
.tree .own { fill: var(--chosen); } .tree .part { fill: none; stroke: var(--lane); } .tree .key { stroke: var(--accent); stroke-width: 2; } .tree .name { fill: var(--ink); font-weight: 600; }
#help { border: 1px solid var(--line); border-radius: 10px; background: var(--panel); color: var(--ink); padding: 18px 24px; }
#help::backdrop { background: rgb(0 0 0 / 35%); }
#help dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0 0 14px; }
#help dt { font: 13px ui-monospace, Menlo, monospace; } #help dd { margin: 0; }
.shape { display: inline-block; min-width: 2.6em; white-space: nowrap; color: var(--accent); }
@media (max-width: 900px) { main { grid-template-columns: 1fr; grid-template-rows: 1fr 40%; } aside { border-left: 0; border-top: 1px solid var(--line); } }
`;
