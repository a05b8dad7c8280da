//! What was meant: the nearest of the words that there are.

/// More than so many slips of the finger are not slips.
const MOST_SLIPS: usize = 3;

/// The nearest of `words` to `wrong`, when it is near enough to have been meant.
pub(super) fn nearest<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let enough = MOST_SLIPS.min(wrong.len() / 2);
    let near = words.into_iter().map(|word| (slips(wrong, word), word)).min()?;
    (near.0 <= enough).then_some(near.1)
}

/// How many letters must be changed, put in or taken out (Levenshtein's distance).
fn slips(a: &str, b: &str) -> usize {
    let mut above: Vec<usize> = (0..=b.chars().count()).collect();
    for (row, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut above[0], row + 1);
        for (column, y) in b.chars().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = above[column + 1];
            above[column + 1] = change.min(diagonal + 1).min(above[column] + 1);
        }
    }
    above[above.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, count) in
            [("", "", 0), ("", "abc", 3), ("listn", "listen", 1), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(slips(a, b), count, "{a} {b}");
        }
    }

    #[test]
    fn what_is_far_off_is_not_suggested() {
        assert_eq!(nearest("listn", ["host", "listen"]), Some("listen"));
        assert_eq!(nearest("x", ["host", "listen"]), None);
        assert_eq!(nearest("database", ["host", "listen"]), None);
    }
}
