/** The part of the page that listens: filters, the keyboard, the mouse, and the details of the chosen step. */
export const CONTROLS = String.raw`
const byId = (id) => document.getElementById(id);
const [words, ring, machine, clause, quiet, counter, details, banner, help] = ['words', 'ring', 'machine', 'clause', 'quiet', 'count', 'details', 'banner', 'help'].map(byId);
const number = new Intl.NumberFormat('en');

/** An element with texts and elements in it. Data gets into the page as text, and in no other way. */
function make(name, attributes, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}
function draft(name, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}
function button(text, press, attributes) {
  const made = make('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', press);
  return made;
}

function offer(select, first, others) {
  select.append(make('option', { value: '' }, first), ...others.map(([value, text]) => make('option', { value }, text)));
}
offer(ring, 'every ring', Array.from({ length: story.rings }, (_, i) => [String(i), i === 0 ? 'g_all' : 'g_' + i]));
offer(machine, 'every machine', story.machines.flatMap((name, i) => (story.machine.includes(i) && name !== 'nothing' ? [[String(i), name]] : [])));
offer(clause, 'every clause', story.clauses.map((one, i) => [String(i), one.clause]));

/** Shows what the filters leave, and what is wrong in any case. */
function filter() {
  const asked = words.value.trim().toLowerCase(), isName = /^\d+(\.\d+){0,2}$/.test(asked);
  const group = ring.value === '' ? -2 : Number(ring.value), only = machine.value === '' ? -1 : Number(machine.value);
  const spoken = clause.value === '' ? [] : story.clauses[Number(clause.value)].machines;
  const marked = story.flaws.filter((flaw) => clause.value === '' || flaw.clause === story.clauses[Number(clause.value)].clause).map((flaw) => flaw.step);
  const hits = new Map();
  const has = (text) => { let hit = hits.get(text); if (hit === undefined) hits.set(text, (hit = story.texts[text].toLowerCase().includes(asked))); return hit; };
  const says = (i) => {
    if (has(story.text[i])) return true;
    for (let at = story.effects.starts[i]; at < story.effects.ends[i]; at += 1) if (has(story.effects.all[at])) return true;
    return false;
  };
  const shown = [];
  for (let i = 0; i < count; i += 1) {
    view.before[i] = shown.length;
    view.rowOf[i] = -1;
    const isShown = marked.includes(i) || ((quiet.checked || !story.quiet.includes(story.kind[i])) && (group === -2 || story.group[i] === group) && (only < 0 || story.machine[i] === only) &&
      (spoken.length === 0 || spoken.includes(story.machine[i])) && (asked === '' || (isName && isAbout(i, asked)) || (!isName && says(i))));
    if (!isShown) continue;
    view.rowOf[i] = shown.length;
    shown.push(i);
  }
  view.before[count] = shown.length;
  view.shown = Int32Array.from(shown);
  counter.textContent = number.format(shown.length) + ' of ' + number.format(count) + ' steps';
  document.documentElement.dataset.shown = String(shown.length);
  fit();
  if (view.chosen >= 0) bringUp(view.rowOf[view.chosen] >= 0 ? view.chosen : view.shown[Math.min(view.before[view.chosen], shown.length - 1)] ?? -1);
}

/** Scrolls as little as it takes, or into the middle if the step was far away. */
function bringUp(i) {
  if (i < 0 || view.rowOf[i] < 0) return later();
  const y = view.rowOf[i] * ROW, room = view.height - TOP, top = offset();
  if (y < top - room || y > top + 2 * room) scrollTo(y - room / 2);
  else if (y < top + ROW) scrollTo(y - ROW);
  else if (y > top + room - 2 * ROW) scrollTo(y - room + 2 * ROW);
  later();
}

function choose(i) {
  if (i === undefined || i < 0) return;
  view.chosen = i;
  if (view.rowOf[i] < 0) {
    // Whoever follows an arrow wants to see where it leads.
    words.value = ring.value = machine.value = clause.value = '';
    quiet.checked = quiet.checked || story.quiet.includes(story.kind[i]);
    filter();
  }
  tellOf(i);
  bringUp(i);
  document.documentElement.dataset.chosen = String(i);
}

function tellOf(i) {
  const lane = story.lanes[story.lane[i]];
  const inside = [
    make('p', {}, 'step ' + number.format(i + 1) + ' · ' + lane.name + (story.life[i] > 0 ? ', life ' + story.life[i] : '') + (story.group[i] < 0 ? '' : ' · ' + (story.group[i] === 0 ? 'g_all' : 'g_' + story.group[i]))),
    make('h2', {}, story.texts[story.text[i]]),
  ];
  const wrong = story.flaws.filter((flaw) => flaw.step === i);
  for (const flaw of wrong) inside.push(make('h3', {}, 'against ' + flaw.clause), make('p', {}, 'expected ', make('code', {}, flaw.expected)), make('p', {}, 'found ', make('code', {}, flaw.found)));
  const effects = listAt(story.effects, i);
  if (effects.length > 0 && !(story.kind[i] === EXECUTED && effects.length === 1)) inside.push(make('h3', {}, 'what it does'), make('ul', {}, ...effects.map((text) => make('li', {}, story.texts[text]))));
  const keys = listAt(story.keys, i), nodes = listAt(story.nodes, i).map((text) => story.texts[text]);
  if (lane.thread > 0 && (keys.length > 0 || nodes.length > 0)) inside.push(make('h3', {}, 'partitions of the tree'), treeOf(lane, keys));
  if (nodes.length > 0) inside.push(make('h3', {}, 'nodes from the root on; those written in are filled'), pathOf(nodes, keys.length === 1));
  const commands = listAt(story.commands, i).map((text) => story.texts[text]);
  if (commands.length > 0) {
    if (!commands.includes(view.followed)) view.followed = commands[0];
    inside.push(make('h3', {}, 'commands (n and p follow the marked one)'), make('div', { class: 'chips' }, ...commands.slice(0, 60).map((name) => button(name, () => { view.followed = name; tellOf(i); later(); }, { 'aria-pressed': String(name === view.followed) }))));
  }
  inside.push(...jumps('rests on', listAt(story.sources, i)), ...jumps('leads to', Array.from(targets.all.slice(targets.starts[i], targets.starts[i + 1]))));
  inside.push(make('h3', {}, 'where it is written'), make('code', {}, story.files[story.file[i]] + ':' + story.line[i]));
  if (story.state[i] !== '' && story.state[i] !== '00000000') inside.push(make('h3', {}, 'digest of the state after it'), make('code', {}, story.state[i]));
  details.replaceChildren(...inside);
  details.scrollTop = 0;
}

function jumps(title, steps) {
  if (steps.length === 0) return [];
  const links = steps.slice(0, 12).map((step) => button(number.format(step + 1) + '  ' + story.texts[story.text[step]], () => choose(step), { class: 'jump' }));
  return [make('h3', {}, title), ...links, ...(steps.length > 12 ? [make('p', {}, 'and ' + (steps.length - 12) + ' more')] : [])];
}

/** The key space, one box for each partition, that of this thread filled, and the keys of the step. */
function treeOf(lane, keys) {
  const wide = 346, x = (key) => 1 + key / story.keySpace * (wide - 2);
  const picture = draft('svg', { class: 'tree', viewBox: '0 0 ' + wide + ' 62', role: 'img', 'aria-label': 'keys ' + keys.join(', ') + ' of ' + story.keySpace });
  story.lowerBounds.forEach((bound, i) => {
    const end = story.lowerBounds[i + 1] ?? story.keySpace;
    if (i + 1 === lane.thread) picture.append(draft('rect', { class: 'own', x: x(bound), y: 18, width: x(end) - x(bound), height: 24 }));
    picture.append(draft('rect', { class: 'part', x: x(bound), y: 18, width: x(end) - x(bound), height: 24 }));
    if (x(end) - x(bound) > 16) picture.append(draft('text', { class: i + 1 === lane.thread ? 'name' : '', x: (x(bound) + x(end)) / 2, y: 34, 'text-anchor': 'middle' }, 't' + (i + 1)));
    if (x(end) - x(bound) > 40) picture.append(draft('text', { x: x(bound) + 1, y: 57 }, number.format(bound)));
  });
  for (const key of keys) picture.append(draft('line', { class: 'key', x1: x(key), x2: x(key), y1: 14, y2: 42 }));
  const [low, high] = [Math.min(...keys), Math.max(...keys)];
  const named = keys.length === 0 || keys.length > 3 ? [] : x(high) - x(low) < 60 ? [[(low + high) / 2, [...new Set([low, high])].map((key) => number.format(key)).join(' … ')]] : keys.map((key) => [key, number.format(key)]);
  for (const [key, name] of named) picture.append(draft('text', { class: 'name', x: Math.min(wide - 30, Math.max(30, x(key))), y: 10, 'text-anchor': 'middle' }, name));
  return picture;
}

/** Every node once, in the order in which they were first touched: on the way to a single key, the last one before any is written in is the leaf. */
function pathOf(nodes, isOneWay) {
  const ids = [...new Set(nodes.map((node) => node.slice(1)))];
  const writes = nodes.findIndex((node) => node[0] === 'w');
  const leaf = !isOneWay ? '' : nodes[(writes < 0 ? nodes.length : Math.max(1, writes)) - 1].slice(1);
  return make('div', { class: 'chips' }, ...ids.map((id) => make('span', { class: nodes.includes('w' + id) ? 'node written' : 'node' }, id === leaf ? 'leaf ' + id : id)));
}

/** The next step shown, in a direction, that something holds of. */
function go(way, holds) {
  let row = view.chosen >= 0 && view.rowOf[view.chosen] >= 0 ? view.rowOf[view.chosen] + way : view.chosen >= 0 ? view.before[view.chosen] : 0;
  for (; row >= 0 && row < view.shown.length; row += way) if (holds(view.shown[row])) return choose(view.shown[row]);
}
const any = () => true;
const page = () => Math.max(1, Math.floor((view.height - TOP) / ROW) - 2);
const far = (way) => choose(view.shown[Math.max(0, Math.min(view.shown.length - 1, (view.rowOf[view.chosen] ?? 0) + way))]);

let flawAt = -1;
/** The next thing that is wrong and that some step shows. */
function toFlaw() {
  const shown = story.flaws.filter((flaw) => flaw.step >= 0);
  if (shown.length === 0) return;
  flawAt = (flawAt + 1) % shown.length;
  choose(shown[flawAt].step);
}

const KEYS = {
  j: () => go(1, any), ArrowDown: () => go(1, any), k: () => go(-1, any), ArrowUp: () => go(-1, any),
  n: () => go(1, (i) => isAbout(i, view.followed)), p: () => go(-1, (i) => isAbout(i, view.followed)),
  PageDown: () => far(page()), PageUp: () => far(-page()), Home: () => far(-count), End: () => far(count),
  v: toFlaw, h: () => { quiet.checked = !quiet.checked; filter(); }, '/': () => words.focus(), '?': () => help.showModal(),
  Escape: () => { words.value = ring.value = machine.value = clause.value = ''; filter(); scroller.focus(); },
};
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const isWriting = event.target === words || event.target instanceof HTMLSelectElement;
  if (isWriting && event.key !== 'Escape' && !(event.key === 'Enter' && event.target === words)) return;
  if (event.key === 'Enter') { if (isWriting) scroller.focus(); return; }
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : undefined;
  if (act === undefined || ((event.key === 'ArrowDown' || event.key === 'ArrowUp' || event.key.startsWith('Page')) && details.contains(event.target))) return;
  event.preventDefault();
  act();
});

for (const select of [ring, machine, clause, quiet]) select.addEventListener('change', filter);
let isTyped = false;
words.addEventListener('input', () => { if (!isTyped) requestAnimationFrame(() => { isTyped = false; filter(); }); isTyped = true; });
byId('ask').addEventListener('click', () => help.showModal());
scroller.addEventListener('scroll', later, { passive: true });
canvas.addEventListener('mousemove', (event) => {
  const hovered = view.shown[rowAt(event.offsetY)] ?? -1;
  if (hovered === view.hovered) return;
  view.hovered = hovered;
  later();
});
canvas.addEventListener('mouseleave', () => { view.hovered = -1; later(); });
canvas.addEventListener('click', (event) => choose(view.shown[rowAt(event.offsetY)]));
new ResizeObserver(fit).observe(scroller);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { colours = readColours(); later(); });

function tellFlaws() {
  const [flaw, ...others] = story.flaws;
  if (flaw === undefined) return;
  banner.hidden = false;
  const title = make('strong', {}, 'against ' + flaw.clause + (others.length > 0 ? ', and ' + others.length + ' more' : ''));
  if (flaw.step >= 0) title.append(button('step ' + number.format(flaw.step + 1) + ' (v)', toFlaw));
  banner.append(title);
  for (const [what, text] of [['where', flaw.where], ['expected', flaw.expected], ['found', flaw.found]]) if (text !== '') banner.append(make('span', {}, what), make('code', {}, text));
}

help.append(
  make('h2', {}, 'Keys'),
  make('dl', {}, ...[['j, k, arrows', 'the next step, the one before'], ['n, p', 'along the marked command'], ['PgUp, PgDn, Home, End', 'further'], ['/', 'filter by command or words'], ['h', 'heartbeats and skips'], ['v', 'to what is wrong'], ['Esc', 'no filter'], ['?', 'this']].flatMap(([key, what]) => [make('dt', {}, key), make('dd', {}, what)])),
  make('h2', {}, 'Signs'),
  make('dl', {}, ...[['◆ ◇', 'a client calls, hears'], ['●', 'a message'], ['○', 'a thread hears what its process has learned'], ['■', 'a thread executes'], ['▬', 'a barrier, from arriving to leaving'], ['✕', 'what is wrong']].flatMap(([sign, what]) => [make('dt', {}, make('span', { class: 'shape' }, sign)), make('dd', {}, what)])),
  make('p', {}, 'Colours are those of the rings. Time goes down, from causes to effects; no clock is shared.'),
  button('close', () => help.close()),
);
tellFlaws();
filter();
if (story.flaws.some((flaw) => flaw.step >= 0)) toFlaw(); else choose(view.shown[0]);
scroller.focus();
document.documentElement.dataset.ready = 'true';
`;
