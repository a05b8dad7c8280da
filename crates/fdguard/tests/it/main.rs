//! What the guard promises, seen from outside.
//!
//! Where the limit itself matters the server is a process of its own, the `echo` example under `ulimit -n`: the limit
//! of the process that runs the tests stays what it is. Where errors of `accept` matter they are injected at the
//! seam, [`tailcast_fdguard::Accept`], with the clock paused. What only a whole program can show is tested on `tailcast serve`
//! (`crates/app/tests/whole`), and what takes a quiet machine is measured by `bench/run`.
//!
//! | at the limit … | where |
//! |---|---|
//! | 16 and 200 clients cost next to nothing, some are served, the server lives | `at_the_limit::sixteen_clients_…`, `two_hundred_clients_…`, `bench/run limit` |
//! | everybody else is told, at once and in words, also who only listens | the same, `a_client_that_only_listens_is_told_too`; `bench/run descriptors` |
//! | those who are inside lose nothing | `at_the_limit::the_old_clients_lose_nothing_…`; whole: `limits::with_1024_descriptors_…` |
//! | a new one is served as soon as there is room | `at_the_limit::once_all_have_left_…`, `faults::a_pause_ends_…`; `bench/run limit` |
//! | the limit is lowered and raised while it runs | `live_limit`; `bench/run lowered` |
//! | what a limit below everything took, the spare descriptor, is there again under a higher one | `live_limit::a_spare_descriptor_…` |
//! | a log is rotated, the broker comes back, the configuration is read again | whole: `cluster::full`, `full::a_log_for_which_there_is_no_descriptor_…` |
//! | clients that never say a word make room | whole: `full::clients_that_never_say_a_word_…`; `bench/run silent` |
//! | a crowd that connects at once is not dropped before it is accepted | `storm`; `bench/run storm` |
//! | a crowd that tries again and again costs a handful of log lines | `faults::a_minute_at_the_limit_…`; whole: `full::a_crowd_that_tries_again_…` |
//! | the log says when it was over, at night too | `episodes` |
//! | ENFILE, ENOBUFS, ENOMEM, EPROTO, ECONNABORTED are survived without a spin | `faults` |
//! | an administrator gets in | whole: `limits::an_administrator_is_answered_…`; `bench/run administrator` |
//! | an event stream comes again by itself, a page's WebSocket hears 1013 | whole: `limits::an_event_stream_…`, `a_page_that_finds_no_room_…`; `web/e2e/full-house` with a browser's own |
//! | a browser is told on a page, and is whole where one place is left | `web/e2e/full-house`, `door::who_may_wait_…` |
//! | nothing stays open behind ten thousand clients, or a thousand viewers | `at_the_limit::ten_thousand_clients_…`; whole: `full::a_thousand_viewers_…` |
//! | limits from 64 to the highest give a sane budget and cost no memory | `start`, `plan::tests`; whole: `full::a_high_limit_…` |
//! | the number that a start says it needs is enough, and one less is not; as many viewers fit as it says | whole: `starts` |
//! | no address takes the room of all | `addresses`; whole: `addresses` |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod addresses;
mod at_the_limit;
mod books;
mod door;
mod episodes;
mod faults;
mod lines;
mod live_limit;
mod server;
mod start;
mod storm;
