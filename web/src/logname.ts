// Whether a text is the name of a log, `HOST:/absolute/path` or `HOST:KIND/name`, by the same rule as the hub's (`LogName` in the crate
// `wire`): so what an address names wrongly is said by the page, and takes nothing from what it names rightly. Pure.

/** As long as the hub takes: a host as DNS names it, a name as Linux does a path. In bytes. */
const MAX_HOST = 253;
const MAX_NAME = 4096;

export function isLogName(text: string): boolean {
  const at = text.indexOf(":");
  const [host, name] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (!/^[a-zA-Z0-9._-]+$/.test(host) || host.length > MAX_HOST) return false;
  return /^[^/:]*\/[^]/.test(name) && !name.includes("\0") && new TextEncoder().encode(name).length <= MAX_NAME;
}
