//! A size in bytes as people write it: `64 MiB`, `4GiB`, `512k`. Refuses what could mean two things.

/// Bytes; K, M, G and T are powers of 1024, with or without `iB` or `B` behind them.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let shift = match text[digits.len()..].trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => Some(0),
        "k" => Some(10),
        "m" => Some(20),
        "g" => Some(30),
        "t" => Some(40),
        _ => None,
    };
    let bytes = shift.and_then(|shift| digits.parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes.ok_or_else(|| format!("`{text}` is no size: write it like \"64 MiB\" or \"4 GiB\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_people_write_it() {
        for (text, bytes) in [("64 MiB", 64 << 20), ("4GiB", 4 << 30), ("512k", 512 << 10), ("1 TB", 1 << 40), ("7", 7)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5 GiB", "-1", "64 X", "99999999999 TiB", "1 2"] {
            assert!(size(text).is_err(), "{text} was taken");
        }
    }
}
