//! When another try may succeed, as the head of an answer says it (RFC 9110 section 10.2.3).

use std::time::SystemTime;

/// Whole seconds, rounded up; a date in the past is now.
pub(crate) fn read(value: &[u8], now: impl FnOnce() -> SystemTime) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let left = then.duration_since(now()).unwrap_or_default();
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    u32::try_from(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> impl FnOnce() -> SystemTime {
        move || SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 500)
    }

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        assert_eq!(read(b" 120 ", at(0)), Some(120));
        assert_eq!(read(b"Thu, 01 Jan 1970 00:01:00 GMT", at(0)), Some(60));
        assert_eq!(read(b"Thu, 01 Jan 1970 00:01:00 GMT", at(90)), Some(0));
        for text in ["", "-1", "1.5", "soon", "4294967296", "\u{fc}"] {
            assert_eq!(read(text.as_bytes(), at(0)), None, "{text}");
        }
        assert_eq!(read(&[0xff], at(0)), None);
    }
}
