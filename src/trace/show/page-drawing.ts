/** The part of the page that draws: lanes, steps, arrows and barriers of the rows that can be seen, and no others. */
export const DRAWING = String.raw`
'use strict';
const story = JSON.parse(document.getElementById('story').textContent);
const count = story.lane.length;
const listAt = (lists, i) => lists.all.slice(lists.starts[i], lists.ends[i]);
const targets = reversed(story.sources);
const scroller = document.getElementById('scroller');
const canvas = document.getElementById('canvas');
const spacer = document.getElementById('spacer');
const pen = canvas.getContext('2d', { alpha: false });

const ROW = 22, TOP = 46, NUMBERS = 62;
/** Browsers make no element higher than some millions of pixels. */
const HIGHEST = 8000000;
const ARRIVES = story.parts.indexOf('arrives'), OPENS = story.parts.indexOf('opens'), LEAVES = story.parts.indexOf('leaves');
const BREACH = story.kinds.indexOf('breach'), EXECUTED = story.kinds.indexOf('executed'), LEARNED = story.kinds.indexOf('learned');
const BARRIER = story.kinds.indexOf('barrier'), CALL = story.kinds.indexOf('call'), ANSWER = story.kinds.indexOf('answer');

/** What can be seen, and what is chosen. */
const view = { shown: new Int32Array(0), rowOf: new Int32Array(count), before: new Int32Array(count + 1), chosen: -1, hovered: -1, followed: '', width: 0, height: 0 };
const stays = staysAtBarriers();
let colours = readColours();
let waiting = false;

function reversed(lists) {
  const starts = new Int32Array(count + 2);
  for (const source of lists.all) starts[source + 2] += 1;
  for (let i = 2; i < starts.length; i += 1) starts[i] += starts[i - 1];
  const all = new Int32Array(lists.all.length);
  for (let i = 0; i < count; i += 1) for (let at = lists.starts[i]; at < lists.ends[i]; at += 1) all[starts[lists.all[at] + 1]++] = i;
  return { starts, all };
}

/** Of every lane: from when to when its thread was at barriers; whoever crashes at one is there no more. */
function staysAtBarriers() {
  const found = story.lanes.map(() => []);
  for (let i = 0; i < count; i += 1) {
    const stays = found[story.lane[i]], open = stays[stays.length - 1];
    const isOver = open !== undefined && open.to === count && (story.part[i] === LEAVES || story.part[i] === OPENS || story.life[i] !== story.life[open.from]);
    if (isOver) open.to = i;
    if (story.part[i] === ARRIVES) stays.push({ from: i, to: count });
  }
  return found;
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue('--' + name).trim();
  const named = {};
  for (const name of ['paper', 'panel', 'ink', 'soft', 'line', 'lane', 'hover', 'chosen', 'accent', 'wrong', 'wrong-paper', 'barrier']) named[name] = of(name);
  named.rings = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => of('ring-' + i));
  return named;
}

const ringColour = (i) => (story.group[i] < 0 ? colours.soft : story.group[i] === 0 ? colours.rings[0] : colours.rings[1 + ((story.group[i] - 1) % 7)]);
const laneWidth = () => Math.max(22, Math.min(84, (view.width - NUMBERS) * 0.5 / story.lanes.length));
const xOf = (lane) => NUMBERS + (lane + 0.5) * laneWidth();

/** How far the rows are scrolled, in pixels: where there are very many, a pixel of the scrollbar is several of theirs. */
function offset() {
  const whole = view.shown.length * ROW, room = Math.max(1, view.height - TOP), spread = Math.min(whole, HIGHEST);
  return spread === whole ? scroller.scrollTop : scroller.scrollTop * (whole - room) / Math.max(1, spread - room);
}
function scrollTo(pixels) {
  const whole = view.shown.length * ROW, room = Math.max(1, view.height - TOP), spread = Math.min(whole, HIGHEST);
  scroller.scrollTop = spread === whole ? pixels : pixels * (spread - room) / Math.max(1, whole - room);
}
const rowAt = (y) => (y < TOP ? -1 : Math.floor((y - TOP + offset()) / ROW));

function fit() {
  const ratio = window.devicePixelRatio || 1;
  view.width = scroller.clientWidth;
  view.height = scroller.clientHeight;
  canvas.width = Math.round(view.width * ratio);
  canvas.height = Math.round(view.height * ratio);
  canvas.style.width = view.width + 'px';
  canvas.style.height = view.height + 'px';
  spacer.style.height = Math.min(view.shown.length * ROW, HIGHEST) + TOP + 'px';
  draw();
}

function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, view.width, view.height);
  const top = offset();
  const first = Math.max(0, Math.floor(top / ROW));
  const last = Math.min(view.shown.length, Math.ceil((top + view.height - TOP) / ROW));
  const yOf = (row) => TOP + row * ROW + ROW / 2 - top;
  drawMarked(first, last, yOf);
  drawLanes(first, last, yOf);
  drawArrows(first, last, yOf);
  for (let row = first; row < last; row += 1) drawStep(view.shown[row], yOf(row));
  drawHead();
  document.documentElement.dataset.drawn = String(last - first);
}

function drawMarked(first, last, yOf) {
  for (let row = first; row < last; row += 1) {
    const i = view.shown[row];
    const paper = i === view.chosen ? colours.chosen : story.kind[i] === BREACH ? colours['wrong-paper'] : i === view.hovered ? colours.hover : '';
    if (paper === '') continue;
    pen.fillStyle = paper;
    pen.fillRect(0, yOf(row) - ROW / 2, view.width, ROW);
  }
}

function drawLanes(first, last, yOf) {
  const low = first < last ? view.shown[first] : 0, high = first < last ? view.shown[last - 1] : -1;
  for (let lane = 0; lane < story.lanes.length; lane += 1) {
    const x = Math.round(xOf(lane)) + 0.5;
    line(x, TOP, x, view.height, colours.lane, 1);
    const all = stays[lane];
    let at = 0, end = all.length;
    while (at < end) { const middle = (at + end) >> 1; if (all[middle].to < low) at = middle + 1; else end = middle; }
    for (; at < all.length && all[at].from <= high; at += 1) {
      const { from, to } = all[at];
      line(x, Math.max(TOP, yOf(view.before[from])), x, Math.min(view.height, to === count ? view.height : yOf(view.before[to])), colours.barrier, 5);
    }
  }
  for (let row = first; row < last; row += 1) {
    const i = view.shown[row];
    if (story.part[i] !== OPENS) continue;
    const { process } = story.lanes[story.lane[i]];
    const crew = story.lanes.flatMap((lane, at) => (lane.process === process && lane.thread > 0 ? [at] : []));
    line(xOf(crew[0]) - 7, yOf(row), xOf(crew[crew.length - 1]) + 7, yOf(row), colours.barrier, 5);
  }
}

function line(x1, y1, x2, y2, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

function drawArrows(first, last, yOf) {
  for (let row = first; row < last; row += 1) {
    const i = view.shown[row];
    for (let at = story.sources.starts[i]; at < story.sources.ends[i]; at += 1) arrow(story.sources.all[at], i, yOf);
    for (let at = targets.starts[i]; at < targets.starts[i + 1]; at += 1) if (view.rowOf[targets.all[at]] >= last) arrow(i, targets.all[at], yOf);
  }
}

function arrow(from, to, yOf) {
  if (view.rowOf[from] < 0 || view.rowOf[to] < 0) return;
  const isChosen = from === view.chosen || to === view.chosen;
  const x1 = xOf(story.lane[from]), y1 = yOf(view.rowOf[from]), x2 = xOf(story.lane[to]), y2 = yOf(view.rowOf[to]);
  const long = y2 - y1 > 40 * ROW;
  pen.globalAlpha = isChosen ? 1 : long ? 0.16 : 0.5;
  pen.strokeStyle = pen.fillStyle = isChosen ? colours.accent : story.part[to] >= 0 ? colours.barrier : ringColour(to);
  pen.lineWidth = isChosen ? 2 : 1.2;
  pen.beginPath();
  pen.moveTo(x1, y1);
  let angle;
  if (x1 === x2) {
    const bend = Math.min(16, laneWidth() * 0.42);
    pen.bezierCurveTo(x1 + bend, y1 + 2, x2 + bend, y2 - 2, x2 + 4, y2 - 1);
    angle = Math.PI * 0.88;
  } else {
    pen.lineTo(x2, y2);
    angle = Math.atan2(y2 - y1, x2 - x1);
  }
  pen.stroke();
  const tip = x1 === x2 ? [x2 + 4, y2 - 1] : [x2 - 5 * Math.cos(angle), y2 - 5 * Math.sin(angle)];
  pen.beginPath();
  pen.moveTo(tip[0], tip[1]);
  pen.lineTo(tip[0] - 7 * Math.cos(angle - 0.42), tip[1] - 7 * Math.sin(angle - 0.42));
  pen.lineTo(tip[0] - 7 * Math.cos(angle + 0.42), tip[1] - 7 * Math.sin(angle + 0.42));
  pen.fill();
  pen.globalAlpha = 1;
}

/** Calls and answers are diamonds, executions squares, what is learned rings, what is wrong a cross, all else dots. */
function drawStep(i, y) {
  const x = xOf(story.lane[i]), kind = story.kind[i];
  pen.strokeStyle = pen.fillStyle = ringColour(i);
  pen.lineWidth = 2;
  pen.beginPath();
  if (kind === BREACH) {
    pen.strokeStyle = colours.wrong;
    pen.lineWidth = 3;
    pen.moveTo(x - 6, y - 6); pen.lineTo(x + 6, y + 6); pen.moveTo(x + 6, y - 6); pen.lineTo(x - 6, y + 6);
    pen.stroke();
  } else if (kind === EXECUTED) pen.fillRect(x - 5, y - 5, 10, 10);
  else if (kind === BARRIER) { pen.fillStyle = colours.barrier; pen.fillRect(x - 7, y - 2.5, 14, 5); }
  else if (kind === CALL || kind === ANSWER) { pen.moveTo(x, y - 6); pen.lineTo(x + 6, y); pen.lineTo(x, y + 6); pen.lineTo(x - 6, y); pen.closePath(); if (kind === CALL) pen.fill(); else { pen.fillStyle = colours.paper; pen.fill(); pen.stroke(); } }
  else if (kind === LEARNED) { pen.arc(x, y, 4, 0, 7); pen.fillStyle = colours.paper; pen.fill(); pen.stroke(); }
  else { pen.arc(x, y, 4, 0, 7); pen.fill(); }
  if (view.followed !== '' && isAbout(i, view.followed)) { pen.beginPath(); pen.arc(x, y, 9, 0, 7); pen.strokeStyle = colours.accent; pen.lineWidth = 1.5; pen.stroke(); }
  pen.font = '11px ui-monospace, Menlo, monospace';
  pen.fillStyle = colours.soft;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  pen.fillText(String(i + 1), NUMBERS - 10, y);
  pen.font = '13px system-ui, sans-serif';
  pen.fillStyle = kind === BREACH ? colours.wrong : story.quiet.includes(kind) ? colours.soft : colours.ink;
  pen.textAlign = 'left';
  const start = xOf(story.lanes.length) - laneWidth() / 2 + 12;
  pen.fillText(cut(story.texts[story.text[i]].slice(0, 240), view.width - start - 8), start, y);
}

/** The names of the lanes; threads below the name of their replica. */
function drawHead() {
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, view.width, TOP);
  line(0, TOP + 0.5, view.width, TOP + 0.5, colours.line, 1);
  pen.textBaseline = 'middle';
  pen.textAlign = 'center';
  story.lanes.forEach((lane, at) => {
    const room = laneWidth() - 4;
    pen.font = lane.thread === 0 ? '600 13px system-ui, sans-serif' : '12px system-ui, sans-serif';
    pen.fillStyle = lane.thread === 0 ? colours.ink : colours.soft;
    const [head, ...rest] = lane.thread > 0 ? ['t' + lane.thread] : lane.name.split('-');
    pen.fillText(cut(rest.length > 0 ? head : lane.thread > 0 ? head : lane.name, room), xOf(at), rest.length > 0 ? TOP / 2 - 9 : TOP / 2);
    if (rest.length > 0) { pen.font = '11px system-ui, sans-serif'; pen.fillStyle = colours.soft; pen.fillText(cut(rest.join('-'), room), xOf(at), TOP / 2 + 9); }
    const crew = story.lanes.filter((one) => one.process === lane.process).length;
    if (lane.thread === 0 && crew > 1) line(xOf(at) - 10, TOP - 7, xOf(at + crew - 1) + 10, TOP - 7, colours.line, 2);
  });
}

function cut(text, room) {
  if (pen.measureText(text).width <= room) return text;
  let [fits, end] = [1, text.length];
  while (fits + 1 < end) { const middle = (fits + end) >> 1; if (pen.measureText(text.slice(0, middle) + '…').width <= room) fits = middle; else end = middle; }
  return text.slice(0, fits).trimEnd() + '…';
}

/** Whether a step is about a command: by its whole name, or the first parts of it. */
function isAbout(i, name) {
  for (let at = story.commands.starts[i]; at < story.commands.ends[i]; at += 1) {
    const known = story.texts[story.commands.all[at]];
    if (known === name || (known.startsWith(name) && known[name.length] === '.')) return true;
  }
  return false;
}
`;
