// The lines that mend what a proxy leaves out: directives of nginx, and the same for others in a line each. They are no language of
// ours, so they are spelled here and not among the messages; word by word, so that no sentence hides among them. Pure.

/** A directive of nginx. */
function directive(...words: string[]): string {
  return `${words.join(" ")};`;
}

export const HTTP_1_1 = [directive("proxy_http_version", "1.1")];
export const UPGRADE = [directive("proxy_set_header", "Upgrade", "$http_upgrade"), directive("proxy_set_header", "Connection", '"upgrade"')];
export const NO_BUFFER = [directive("proxy_buffering", "off"), directive("gzip", "off")];
/** Longer than any silence of the hub, with room for a lost ping. */
export const PATIENCE = [directive("proxy_read_timeout", "75s"), directive("proxy_send_timeout", "75s")];
export const FORWARDED = [directive("proxy_set_header", "X-Forwarded-For", "$proxy_add_x_forwarded_for")];

/** `$host` has no port, which the browser's origin has where it is another one than usual. */
export function hostHeader(port: string): string[] {
  return [directive("proxy_set_header", "Host", port === "" ? "$host" : "$http_host")];
}

/** What other proxies do not do by themselves. `port`: of the hub. */
export function others(port: number): [proxy: string, lines: string][] {
  const hub = `127.0.0.1:${port}`;
  const all: [string, string[][]][] = [
    ["Caddy", [["reverse_proxy", hub, "{", "flush_interval", "-1", "}"]]],
    ["Apache", [["ProxyPreserveHost", "On"], ["ProxyPass", "/", `http://${hub}/`, "upgrade=websocket", "flushpackets=on", "timeout=75"]]],
    ["HAProxy", [["option", "forwardfor"], ["timeout", "server", "75s"], ["timeout", "tunnel", "1h"]]],
    ["Traefik", [["loadBalancer:", "{", "passHostHeader:", "true,", "responseForwarding:", "{", "flushInterval:", "1ms", "}", "}"]]],
  ];
  return all.map(([proxy, lines]) => [proxy, lines.map((words) => words.join(" ")).join("\n")]);
}
