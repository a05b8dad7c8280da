// The chat in the browser: hears over a WebSocket, or server-sent events, or one answer at a time; says by POST.
// What others wrote becomes text nodes and nothing else.

const said = document.getElementById('said');
const state = document.getElementById('state');
const trouble = document.getElementById('trouble');
const form = document.getElementById('say');
const nameField = document.getElementById('name');
const textField = document.getElementById('text');

/** Rows kept in the page. */
const SHOWN = 500;
/** Characters of a message. */
const TEXT = 500;
/** Processes whose numbers are kept: no more are asked for. */
const PLACES = 8;
/** So long the page asks, before it looks whether a better way works. */
const ASKING = 600_000;

/** The messages in the page, by id. */
const rows = new Map();
/** How far each process was heard: process → number. */
const places = new Map();

/** Takes what was told; false when the page has to ask again from where it stands. */
function take(told) {
  if (told.again) return false;
  if ('here' in told) stand(told.here);
  else if ('missed' in told) note(told.missed === null ? 'Messages may be missing here.' : `${told.missed} messages are missing here.`);
  else if ('eldest' in told) rows.has(told.eldest) || note('Messages may be missing here.');
  else show(told);
  return true;
}

/** This process was heard up to here. */
function stand(place) {
  const [process, number] = place.split('.');
  places.delete(process);
  places.set(process, Number(number));
  if (places.size > PLACES) places.delete(places.keys().next().value);
}

function show(message) {
  stand(message.place);
  if (rows.has(message.id)) return;
  const row = document.createElement('li');
  row.dataset.at = message.at;
  row.dataset.id = message.id;
  const at = new Date(message.at);
  const when = element('time', at.toLocaleTimeString([], { timeStyle: 'short' }));
  when.dateTime = at.toISOString();
  row.append(element('b', message.name), element('span', message.text), when);
  rows.set(message.id, row);
  add(row);
}

function note(words) {
  const row = element('li', words);
  row.className = 'note';
  row.dataset.at = said.lastElementChild?.dataset.at ?? 0;
  row.dataset.id = '~';
  add(row);
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Puts a row where it belongs in time: what two processes said while they did not hear each other comes in between. */
function add(row) {
  let before = said.lastElementChild;
  while (before && isLater(before.dataset, row.dataset)) before = before.previousElementSibling;
  if (before) before.after(row);
  else said.prepend(row);
  if (said.childElementCount > SHOWN) {
    rows.delete(said.firstElementChild.dataset.id);
    said.firstElementChild.remove();
  }
  toEnd();
}

/** Whether the last row is in sight: then it stays there, whatever comes and however the room for it changes. */
let atEnd = true;
said.addEventListener('scroll', () => (atEnd = said.scrollHeight - said.scrollTop - said.clientHeight < 40));
const toEnd = () => atEnd && (said.scrollTop = said.scrollHeight);
new ResizeObserver(toEnd).observe(said);

function isLater(one, other) {
  return one.at === other.at ? one.id > other.id : Number(one.at) > Number(other.at);
}

const address = () => 'live?after=' + [...places].map((place) => place.join('.')).join(',');
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Resolves when the connection ends: whether it had ever been there. */
function overWebSocket() {
  return new Promise((ended) => {
    let there = false;
    const url = new URL(address(), location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    const slow = setTimeout(() => socket.close(), 5000);
    socket.onopen = () => {
      there = true;
      clearTimeout(slow);
      state.textContent = 'connected';
    };
    socket.onmessage = (event) => take(JSON.parse(event.data)) || socket.close();
    socket.onclose = () => ended(there);
  });
}

function overEvents() {
  return new Promise((ended) => {
    let there = false;
    const events = new EventSource(address());
    const end = () => {
      events.close();
      ended(there);
    };
    const slow = setTimeout(end, 5000);
    events.onmessage = (event) => {
      there = true;
      clearTimeout(slow);
      state.textContent = 'connected (events)';
      take(JSON.parse(event.data)) || end();
    };
    events.onerror = end;
  });
}

/** Asks until that fails: whether it ever worked. */
async function overAnswers() {
  let there = false;
  try {
    for (const until = Date.now() + ASKING; Date.now() < until; there = true) {
      const answer = await fetch(address(), { headers: { accept: 'application/json' } });
      if (!answer.ok) return there;
      state.textContent = 'connected (polling)';
      for (const told of await answer.json()) take(told);
    }
  } catch {
    // Said below, once nothing works.
  }
  return there;
}

/** The best way that works; all are tried again, and never by two pages at the same moment. */
async function listen() {
  for (let failed = 0; ; failed += 1) {
    if ((await overWebSocket()) || (await overEvents()) || (await overAnswers())) failed = 0;
    state.textContent = 'not connected, trying again …';
    await pause(Math.min(8000, 250 * 2 ** failed) * (0.5 + Math.random() / 2));
  }
}

/** Why it was not said; nothing when it was. */
async function say(name, text) {
  const length = [...text.trim()].length;
  if (length > TEXT) return `This has ${length} characters, and ${TEXT} fit into a message.`;
  try {
    const answer = await fetch('say', { method: 'POST', body: JSON.stringify({ name, text }) });
    if (answer.ok) return '';
    const words = answer.headers.get('content-type')?.startsWith('text/html') ? '' : await answer.text();
    return words || 'The chat cannot be reached just now. What you wrote is still here.';
  } catch {
    return 'The chat cannot be reached just now. What you wrote is still here.';
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = textField.value;
  trouble.textContent = await say(nameField.value, text);
  // What was typed meanwhile stays.
  if (!trouble.textContent && textField.value === text) textField.value = '';
  textField.focus();
});

listen();
