//! One stretch of counts, as points of minutes and files: the line through it, and whether that line goes on.
//!
//! A line through a single leap has a slope too, for as long as the leap is in the stretch. It says what was, and nothing
//! of what comes.

/// Rises that make a growth; fewer are a leap or two.
const RISES: usize = 3;

/// Least squares through the points, when they reach over `least` minutes.
pub(super) fn slope(points: &[(f64, f64)], least: f64) -> Option<f64> {
    let (first, last) = (points.first()?.0, points.last()?.0);
    if points.len() < 2 || last - first < least {
        return None;
    }
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    Some(above / below)
}

/// The slope, when the growth is spread over the stretch and has not come to rest in its last quarter.
pub(super) fn goes_on(points: &[(f64, f64)], least: f64) -> Option<f64> {
    let pace = slope(points, least).filter(|pace| *pace > 0.0)?;
    let (first, last) = (points.first()?, points.last()?);
    let rises: Vec<f64> = points.windows(2).map(|pair| pair[1].1 - pair[0].1).filter(|step| *step > 0.0).collect();
    let (all, largest) = (rises.iter().sum::<f64>(), rises.iter().copied().fold(0.0, f64::max));
    let spread = rises.len() >= RISES && largest * 2.0 <= all && (last.1 - first.1) * 2.0 >= all;
    (spread && grows_yet(points, pace)).then_some(pace)
}

/// Whether the last quarter has a third of the growth that is due in it.
fn grows_yet(points: &[(f64, f64)], pace: f64) -> bool {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return false };
    let from = last.0 - (last.0 - first.0) / 4.0;
    let before = points.iter().rev().find(|point| point.0 <= from).unwrap_or(first);
    last.1 - before.1 >= (last.0 - before.0) * pace / 3.0
}
