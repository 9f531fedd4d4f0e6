/** A story as one page that needs nothing else: no network, no other file. */
import { CONTROLS } from './page-controls.js';
import { pageData } from './page-data.js';
import { DRAWING } from './page-drawing.js';
import { STYLE } from './style.js';
import type { Story } from './story.js';

export const pageOf = (story: Story): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escaped(story.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1><bdi>${escaped(story.name)}</bdi></h1>
<input id="words" type="search" placeholder="command, or words" aria-label="only steps about this command, or with these words">
<select id="ring" aria-label="only this ring"></select>
<select id="machine" aria-label="only this machine"></select>
<select id="clause" aria-label="only what this clause speaks of"></select>
<label><input id="quiet" type="checkbox"> heartbeats and skips</label>
<button id="ask" type="button">keys (?)</button>
<span id="count"></span>
</header>
<div id="banner" role="alert" hidden></div>
<main>
<div id="scroller" tabindex="0" role="application" aria-label="the steps, from cause to effect"><canvas id="canvas"></canvas><div id="spacer"></div></div>
<aside id="details" aria-live="polite"></aside>
</main>
<dialog id="help"></dialog>
<script id="story" type="application/json">${embedded(pageData(story))}</script>
<script>${DRAWING}${CONTROLS}</script>
</body>
</html>
`;

/** Text in HTML. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** JSON inside of a script: nothing in it can end the script, or begin a comment. */
export const embedded = (value: unknown): string => JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
