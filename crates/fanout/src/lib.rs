//! One message in, many subscribers out.
