//! The laws of the crate, each in its own module. Of the rings: order and loss against a model, waking, threads, channels.
//! Of the fan-out: `laws` over all three, `outages` over both brokers, and what is particular to each. The brokers are
//! real servers (Debian's packages), started on free ports in temporary folders. Debian has no Valkey yet: what Redis
//! and Valkey have in common is tried with Redis.
//!
//! | what must hold over a broker | tried by |
//! |---|---|
//! | order on each channel | `laws::each_publisher_is_heard_in_its_order_on_every_channel` |
//! | one connection to subscribe, one to publish, by `CLIENT LIST` and `/connz` | `laws::ten_thousand_channels_leave_nothing_behind`, `outages::a_broker_killed_…` |
//! | the last subscriber gone: unsubscribed | `laws::ten_thousand_channels_leave_nothing_behind` |
//! | a loss is told with its count, also of the last message | `outages::what_is_lost_while_a_subscriber_is_cut_off_…`, `outages::what_does_not_fit_…`, `broker::laws` against a model |
//! | where the count cannot be known, that is told | `outages::a_publisher_that_dies_…` |
//! | no loss is told that was none | `outages::a_subscriber_that_was_cut_off_and_missed_nothing_…`, `laws::a_feed_that_comes_late_…` |
//! | 20,000 channels back after a restart | `outages::twenty_thousand_…` (it prints the time; the bar is 3 s) |
//! | who never reads costs a ring and delays nobody | `laws::a_feed_that_never_reads_…` |
//! | a wedged link is replaced: killed, restarted | `outages::a_broker_killed_…` |
//! | … stopped (SIGSTOP) | `outages::a_broker_that_hangs_…` |
//! | … network cut with no RST | `outages::what_is_lost_…`, `outages::a_publisher_that_is_cut_off_…` |
//! | … within 15 s | `outages::a_network_that_is_cut_without_a_word_…` |
//! | … `CLIENT KILL TYPE pubsub`, `CLIENT PAUSE`, `DEBUG SLEEP` | `redis::subscribers_that_are_thrown_out_…`, `redis::clients_that_are_paused_…`, `redis::a_server_that_sleeps_…` |
//! | TLS, passwords, a cluster refused | `redis`, `nats` |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod channels;
mod chat;
mod embedded;
mod ground;
mod item;
mod laws;
mod model;
mod nats;
mod outages;
mod readme;
mod redis;
mod threads;
mod waking;
