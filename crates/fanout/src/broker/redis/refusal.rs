//! Why Redis refuses us, in words that say what to do: the same whichever of the two connections hears it first.
//!
//! Its own words differ from one version to the next and stand behind ours. It refuses to repeat anything of the address.

use redis::{ErrorKind, RedisError};

use crate::broker::Down;
use crate::broker::dial::Address;

const TOO_OLD: &str = "Redis 6 or newer is needed";

/// What is wrong with the server at an address.
pub(super) fn down(address: &Address, words: &str) -> Down {
    Down(format!("{}: {words}", address.place()))
}

/// An error as it came over the wire: a code, and words.
pub(super) fn told(error: &[u8]) -> String {
    let error = String::from_utf8_lossy(error).chars().filter(|c| !c.is_control()).take(200).collect::<String>();
    let means = match error.split(' ').next() {
        Some("NOPROTO") => TOO_OLD,
        Some("WRONGPASS") => "the user or the password is wrong",
        Some("NOAUTH") => "a password is needed, and the address gives none",
        Some("NOPERM") => "the user may not subscribe or publish here",
        _ if error.contains("unknown command") => TOO_OLD,
        _ => return format!("Redis refuses: {error}"),
    };
    format!("{means} ({error})")
}

/// An error of the `redis` crate, which may be one of the server's.
pub(super) fn met(error: RedisError) -> String {
    if error.kind() == ErrorKind::RESP3NotSupported {
        return format!("{TOO_OLD} ({error})");
    }
    let words = error.to_string();
    let servers = error.into_server_errors();
    match servers.as_deref().and_then(<[_]>::first) {
        Some((_, error)) => told(format!("{} {}", error.code(), error.details().unwrap_or_default()).as_bytes()),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the `redis` crate has it.
    fn of_the_crate(line: &str) -> RedisError {
        let value = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        value.extract_error().unwrap_err()
    }

    #[test]
    fn both_connections_say_the_same_of_the_same_error_and_what_it_means_comes_first() {
        let wrong = "the user or the password is wrong (WRONGPASS invalid username-password pair or user is disabled.)";
        let means = [
            ("WRONGPASS invalid username-password pair or user is disabled.", wrong),
            ("NOAUTH Authentication required.", "a password is needed, and the address gives none (NOAUTH"),
            ("NOPERM this user has no permissions", "the user may not subscribe or publish here (NOPERM"),
            ("NOPROTO unsupported protocol version", "Redis 6 or newer is needed (NOPROTO"),
            ("LOADING Redis is loading the dataset in memory", "Redis refuses: LOADING Redis is loading"),
            ("ERR max number of clients reached", "Redis refuses: ERR max number"),
        ];
        for (line, words) in means {
            assert!(told(line.as_bytes()).starts_with(words), "{line}");
            assert_eq!(told(line.as_bytes()), met(of_the_crate(line)));
        }
    }
}
