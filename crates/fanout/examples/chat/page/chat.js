// The chat in the browser: hears over a WebSocket, or server-sent events, or one answer at a time; says by POST.
// What others wrote becomes text nodes and nothing else.

const said = document.getElementById('said');
const state = document.getElementById('state');
const trouble = document.getElementById('trouble');
const form = document.getElementById('say');
const nameField = document.getElementById('name');
const textField = document.getElementById('text');

/** Messages kept in the page. */
const SHOWN = 500;

const known = new Set();
let last = '';

function show(message) {
  if (message.missed) return false;
  if (typeof message.id !== 'string' || known.has(message.id)) return true;
  known.add(message.id);
  last = message.id;
  const atEnd = said.scrollHeight - said.scrollTop - said.clientHeight < 40;
  const row = document.createElement('li');
  const who = document.createElement('b');
  const when = document.createElement('time');
  who.textContent = String(message.name);
  when.textContent = new Date(Number(message.at)).toLocaleTimeString();
  row.append(who, String(message.text), when);
  said.append(row);
  if (said.childElementCount > SHOWN) said.firstElementChild.remove();
  if (atEnd) row.scrollIntoView({ block: 'end' });
  return true;
}

const address = () => 'live' + (last ? '?after=' + last : '');
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
    socket.onmessage = (event) => show(JSON.parse(event.data)) || socket.close();
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
    events.onopen = () => {
      there = true;
      clearTimeout(slow);
      state.textContent = 'connected (events)';
    };
    events.onmessage = (event) => show(JSON.parse(event.data)) || end();
    events.onerror = end;
  });
}

async function overAnswers() {
  const answer = await fetch(address(), { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(String(answer.status));
  state.textContent = 'connected (polling)';
  for (const message of await answer.json()) show(message);
}

/** The best way that works; every way is tried again, and never two pages at the same moment. */
async function listen() {
  for (let failed = 0; ; failed += 1) {
    if (await overWebSocket()) failed = 0;
    else if (await overEvents()) failed = 0;
    else {
      try {
        for (let turn = 0; turn < 20; turn += 1) await overAnswers();
        failed = 0;
      } catch {
        state.textContent = 'not connected, trying again …';
      }
    }
    await pause(Math.min(8000, 250 * 2 ** failed) * (0.5 + Math.random() / 2));
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ name: nameField.value, text: textField.value });
  try {
    const answer = await fetch('say', { method: 'POST', body });
    trouble.textContent = answer.ok ? '' : await answer.text();
    if (answer.ok) textField.value = '';
  } catch {
    trouble.textContent = 'The chat cannot be reached just now. What you wrote is still here.';
  }
  textField.focus();
});

listen();
