// What a host says of its processes and their limits, in the reader's language. It gives a code with values beside its own words, which are
// English; where the page does not know the code, or misses a value, those are shown. Between answers about processes and what shows them.
// Pure, but for the language.

import { number } from "./digits";
import { m } from "./language";
import type { Ceiling, Hidden, Limits, OpenFile, Peer, Phrase, Remedy, Waiting } from "./procshapes";
import { visible } from "./text";

/** What goes into a sentence. Asking for a value that is not there ends the sentence. */
interface Values {
  /** As the host spells it, fit to be seen. */
  text: (name: string) => string;
  count: (name: string) => number;
}

class Missing extends Error {}

function valuesOf({ values }: Phrase): Values {
  const text = (name: string): string => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Missing(name);
    return visible(value);
  };
  return { text, count: (name) => Number(text(name)) };
}

/** In the reader's language; undefined where the page cannot say it. */
function said(phrase: Phrase | null | undefined): string | undefined {
  if (!phrase || !Object.hasOwn(PHRASES, phrase.code)) return undefined;
  try {
    return PHRASES[phrase.code]?.(valuesOf(phrase));
  } catch (error) {
    if (error instanceof Missing) return undefined;
    throw error;
  }
}

/** The sentences of who has set a limit. */
export function originOf({ origin, origin_phrases: phrases = [] }: Limits): string[] {
  const all = phrases.map(said);
  const known = all.filter((each) => each !== undefined);
  return known.length === 0 || known.length < all.length ? [visible(origin)] : known;
}

export function notesOf({ notes, note_phrases: phrases = [] }: Limits): string[] {
  return notes.map((words, i) => said(phrases[i]) ?? visible(words));
}

export function remedyWords({ words, phrase }: Remedy): string {
  return said(phrase) ?? visible(words);
}

/** A capability stands in the host's own words only; the page shows it as a line to write. */
export function unseenWords({ words, phrase }: Hidden): string {
  return said(phrase) ?? visible(words);
}

export function aboutWords({ about, about_phrase: phrase }: OpenFile): string {
  return said(phrase) ?? visible(about ?? "");
}

/** What would let more connections wait at an address. */
export function waitingWords({ words, phrase }: Waiting): string {
  return said(phrase) ?? visible(words);
}

/** A limit of the machine is known by its name. */
export function ceilingWords({ name, words }: Ceiling): string {
  return CEILINGS[name]?.() ?? visible(words);
}

export function kindWords(kind: string): string {
  return KINDS[kind]?.() ?? visible(kind);
}

const ARROWS: Readonly<Record<string, string>> = { out: "→", in: "←", local: "↔" };

/** `120 → 10.0.0.5:6379 (redis), 118 CLOSE_WAIT`: states only where not all are established. */
export function peerWords(peer: Peer): string {
  const arrow = ARROWS[peer.direction];
  if (arrow === undefined) return visible(peer.words);
  const states = Object.entries(peer.states).toSorted(([, a], [, b]) => b - a);
  const plain = states.length === 1 && states[0]?.[0] === "ESTABLISHED";
  const inside = peer.network == null ? [] : [m.procs_in_network(peer.network)];
  return [`${number(peer.count)} ${arrow} ${whom(peer)}`, ...(plain ? [] : states.map(([state, count]) => `${number(count)} ${visible(state)}`)), ...inside].join(", ");
}

function whom({ direction, port, service, remote, addresses }: Peer): string {
  const named = service == null ? "" : ` (${visible(service)})`;
  const from = remoteWords(remote, addresses);
  return direction === "in" && port != null ? m.said_peer_port(`${port}${named}`, from) : `${from}${named}`;
}

/** With whom connections are: an address, or how many of them. */
export function remoteWords(remote: string, addresses: number | null | undefined): string {
  return addresses == null || addresses === 1 ? visible(remote) : m.said_peer_addresses(addresses);
}

const KINDS: Readonly<Record<string, () => string>> = {
  deleted_file: () => m.said_kind_deleted_file,
  device: () => m.said_kind_device,
  directory: () => m.said_kind_directory,
  file: () => m.said_kind_file,
  memory: () => m.said_kind_memory,
  other: () => m.said_kind_other,
  pipe: () => m.said_kind_pipe,
  socket: () => m.said_kind_socket,
};

const CEILINGS: Readonly<Record<string, () => string>> = {
  "fs.epoll.max_user_watches": () => m.said_ceiling_epoll,
  "fs.file-max": () => m.said_ceiling_file_max,
  "fs.inotify.max_user_instances": () => m.said_ceiling_inotify_instances,
  "fs.inotify.max_user_watches": () => m.said_ceiling_inotify_watches,
  "fs.nr_open": () => m.said_ceiling_nr_open,
  "net.core.somaxconn": () => m.said_ceiling_somaxconn,
  "net.ipv4.ip_local_port_range": () => m.said_ceiling_ports,
  "net.netfilter.nf_conntrack_max": () => m.said_ceiling_conntrack,
  "pids.max": () => m.said_ceiling_pids,
};

const PHRASES: Readonly<Record<string, (values: Values) => string>> = {
  backlog_before: ({ text }) => m.said_backlog_before(text("max")),
  backlog_program: ({ text }) => m.said_backlog_program(text("max")),
  backlog_somaxconn: ({ text }) => m.said_backlog_somaxconn(text("more")),
  backlog_unknown: () => m.said_backlog_unknown,
  fd_counter: ({ text }) => m.said_fd_counter(text("count")),
  fd_no_reader_seen: () => m.said_fd_no_reader_seen,
  fd_no_writer_seen: () => m.said_fd_no_writer_seen,
  fd_nobody_reads: () => m.said_fd_nobody_reads,
  fd_nobody_writes: () => m.said_fd_nobody_writes,
  fd_pid: ({ text }) => m.said_fd_pid(text("pid")),
  fd_pid_ended: () => m.said_fd_pid_ended,
  fd_signals: ({ text }) => m.said_fd_signals(text("signals")),
  fd_signals_none: () => m.said_fd_signals_none,
  fd_socket: ({ text }) => m.said_fd_socket(text("protocol")),
  fd_socket_idle: ({ text }) => m.said_fd_socket_idle(text("protocol")),
  fd_timer: ({ text }) => m.said_fd_timer(text("seconds"), text("each")),
  fd_timer_off: () => m.said_fd_timer_off,
  fd_timer_once: ({ text }) => m.said_fd_timer_once(text("seconds")),
  fd_watches: ({ text }) => m.said_fd_watches(text("fds")),
  fd_watches_files: ({ count }) => m.said_fd_watches_files(count("count")),
  fd_watches_inode: ({ text }) => m.said_fd_watches_inode(text("inode"), text("device")),
  fd_watches_inodes: ({ count, text }) => m.said_fd_watches_inodes(count("count"), text("inodes")),
  fd_watches_many: ({ text, count }) => m.said_fd_watches_many(count("count"), text("fds")),
  fd_watches_nothing: () => m.said_fd_watches_nothing,
  fd_watches_path: ({ text }) => m.said_fd_watches_path(text("path")),
  note_configuration_hidden: ({ text }) => m.said_note_configuration_hidden(text("who")),
  note_configuration_kept: ({ text }) => m.said_note_configuration_kept(text("who")),
  note_limits_conf_no_login: ({ text }) => m.said_note_limits_conf_no_login(text("at"), text("limit"), text("user")),
  note_limits_conf_not_called: ({ text }) => m.said_note_limits_conf_not_called(text("at"), text("limit"), text("user"), text("stack")),
  note_short: ({ text, count }) => m.said_note_short(count("want"), text("first"), count("hard")),
  note_supervisord_closes: () => m.said_note_supervisord_closes,
  note_thread: ({ text }) => m.said_note_thread(text("tid"), text("who")),
  note_ulimit: () => m.said_note_ulimit,
  origin_changed: ({ text }) => m.said_origin_changed(text("above"), text("below")),
  origin_changed_first: ({ text }) => m.said_origin_changed_first(text("above"), text("below")),
  origin_container: ({ text }) => m.said_origin_container(text("owner")),
  origin_itself: () => m.said_origin_itself,
  origin_pam: ({ text }) => m.said_origin_pam(text("service"), text("at"), text("user")),
  origin_pam_default: ({ text }) => m.said_origin_pam_default(text("service"), text("applied"), text("user")),
  origin_pam_other: ({ text }) => m.said_origin_pam_other(text("service"), text("applied"), text("user"), text("at"), text("limit")),
  origin_pam_without: ({ text }) => m.said_origin_pam_without(text("service"), text("stack"), text("user")),
  origin_reset: ({ text }) => m.said_origin_reset(text("service"), text("applied"), text("user")),
  origin_reset_other: ({ text }) => m.said_origin_reset_other(text("service"), text("applied"), text("user"), text("at"), text("limit")),
  origin_reset_without: ({ text }) => m.said_origin_reset_without(text("service"), text("stack"), text("user")),
  origin_shell: ({ text }) => m.said_origin_shell(text("pid")),
  origin_start: ({ text }) => m.said_origin_start(text("first")),
  origin_supervisord: ({ text, count }) => m.said_origin_supervisord(text("pid"), count("minfds"), text("file")),
  origin_supervisord_alone: ({ text, count }) => m.said_origin_supervisord_alone(text("pid"), count("minfds")),
  origin_systemd: ({ text }) => m.said_origin_systemd(text("unit"), text("at")),
  origin_systemd_built_in: ({ text }) => m.said_origin_systemd_built_in(text("unit")),
  origin_systemd_other: ({ text }) => m.said_origin_systemd_other(text("unit"), text("at")),
  origin_systemd_probably: ({ text }) => m.said_origin_systemd_probably(text("unit")),
  remedy_at_once: () => m.said_remedy_at_once,
  remedy_container_node: () => m.said_remedy_container_node,
  remedy_container_run: () => m.said_remedy_container_run,
  remedy_hard_first: ({ count }) => m.said_remedy_hard_first(count("ceiling")),
  remedy_hard_first_run: ({ count }) => m.said_remedy_hard_first_run(count("ceiling")),
  remedy_kernel: ({ count }) => m.said_remedy_kernel(count("ceiling")),
  remedy_login: ({ text, count }) => m.said_remedy_login(text("user"), count("want")),
  remedy_minfds: ({ count }) => m.said_remedy_minfds(count("want")),
  remedy_minfds_dots: ({ count }) => m.said_remedy_minfds_dots(count("want")),
  remedy_minfds_first: ({ count }) => m.said_remedy_minfds_first(count("want")),
  remedy_minfds_somewhere: ({ text, count }) => m.said_remedy_minfds_somewhere(text("who"), count("want")),
  remedy_minfds_unseen: ({ text, count }) => m.said_remedy_minfds_unseen(text("who"), count("want")),
  remedy_pam_service: ({ text }) => m.said_remedy_pam_service(text("stack")),
  remedy_program: ({ text }) => m.said_remedy_program(text("who"), text("line")),
  remedy_shell: ({ text }) => m.said_remedy_shell(text("pid")),
  remedy_shell_soft: ({ text }) => m.said_remedy_shell_soft(text("pid")),
  remedy_start: () => m.said_remedy_start,
  remedy_start_above: ({ text }) => m.said_remedy_start_above(text("who")),
  remedy_start_above_dots: ({ text }) => m.said_remedy_start_above_dots(text("who")),
  remedy_start_by_hand: () => m.said_remedy_start_by_hand,
  remedy_start_in_shell: ({ text, count }) => m.said_remedy_start_in_shell(count("want"), text("own")),
  remedy_start_in_shell_dots: ({ text, count }) => m.said_remedy_start_in_shell_dots(count("want"), text("own")),
  remedy_unit: ({ text, count }) => m.said_remedy_unit(text("unit"), count("want")),
  remedy_unit_elsewhere: ({ text, count }) => m.said_remedy_unit_elsewhere(text("unit"), count("want")),
  remedy_unit_if: ({ text, count }) => m.said_remedy_unit_if(text("unit"), count("want")),
  unseen_above: ({ count }) => m.said_unseen_above(count("count")),
  unseen_counts: ({ count }) => m.said_unseen_counts(count("count")),
  unseen_files: () => m.said_unseen_files,
  unseen_listeners: () => m.said_unseen_listeners,
  unseen_more_namespaces: ({ count }) => m.said_unseen_more_namespaces(count("count")),
  unseen_more_sockets: ({ count }) => m.said_unseen_more_sockets(count("count")),
  unseen_namespaces: ({ count }) => m.said_unseen_namespaces(count("count")),
  unseen_other_ends: ({ count }) => m.said_unseen_other_ends(count("count")),
  unseen_other_users: () => m.said_unseen_other_users,
  unseen_pids: () => m.said_unseen_pids,
  unseen_sockets: ({ text }) => m.said_unseen_sockets(text("error")),
  unseen_spins: ({ count }) => m.said_unseen_spins(count("count")),
  unseen_too_many: ({ count }) => m.said_unseen_too_many(count("count")),
};
