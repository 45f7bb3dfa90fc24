//! Parses the headers of a response.

use std::ops::Range;

/// What tells one state of a file from another: its length, and what the server says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) total: u64,
    /// A strong ETag. A weak one says only that a file means the same.
    etag: Option<String>,
    modified: Option<String>,
}

impl Identity {
    /// That of a file of `total` bytes.
    pub(crate) fn of<'r>(total: u64, header: impl Fn(&str) -> Option<&'r str>) -> Self {
        let strong = |tag: &&str| !tag.starts_with("W/") && !tag.is_empty();
        Identity {
            total,
            etag: header("etag").filter(strong).map(str::to_owned),
            modified: header("last-modified").map(str::to_owned),
        }
    }

    /// What tells this state of the file of that name from all others, in one text; `None` without a strong ETag.
    pub(crate) fn key(&self, name: &str) -> Option<String> {
        let etag = self.etag.as_ref()?;
        Some(format!("{name}\n{}\n{etag}", self.total))
    }

    /// In what the two differ, for people; nothing where they are the same file as far as anybody
    /// can tell.
    pub(crate) fn change(&self, now: &Identity) -> Option<String> {
        if self.total != now.total {
            return Some(format!("it had {} bytes, now it has {}", self.total, now.total));
        }
        match (&self.etag, &now.etag) {
            (Some(before), Some(now)) if before != now => {
                return Some(format!("its ETag was {before}, now it is {now}"));
            }
            (Some(_), Some(_)) => return None,
            _ => {}
        }
        match (&self.modified, &now.modified) {
            (Some(before), Some(now)) if before != now => {
                Some(format!("it was last modified {before}, now {now}"))
            }
            _ => None,
        }
    }
}

/// The range and the length of the whole in `bytes 0-99/1234`; the length is `None` where it is
/// `*`. `None` where the text is no such thing.
pub(crate) fn content_range(text: &str) -> Option<(Range<u64>, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let end = last.checked_add(1)?;
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    let fits = first < end && total.is_none_or(|total| end <= total);
    fits.then_some((first..end, total))
}

/// How many milliseconds a server asks to be left alone: by `Retry-After`, in seconds or as a date
/// beside its own `Date`; or by `RateLimit` with what is left of the time (`t=`).
pub(crate) fn wait_of<'r>(header: impl Fn(&str) -> Option<&'r str>) -> Option<u64> {
    let seconds = |text: &str| text.trim().parse::<u64>().ok();
    if let Some(text) = header("retry-after") {
        if let Some(seconds) = seconds(text) {
            return seconds.checked_mul(1000);
        }
        let (until, now) = (date(text)?, date(header("date")?)?);
        return until.saturating_sub(now).checked_mul(1000);
    }
    let parts = header("ratelimit")?.split([';', ',']);
    let left = parts.filter_map(|part| part.trim().strip_prefix("t=")).filter_map(seconds).max()?;
    // A moment more, for the clocks of two machines.
    left.checked_add(1)?.checked_mul(1000)
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let parts: Vec<&str> = rest.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second, "GMT"] = parts[..] else { return None };
    let number = |text: &str| text.parse::<u64>().ok();
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let (year, day) = (number(year)?, number(day)?);
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970-01-01 of a date of the Gregorian calendar, years counted from March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + number(hour)? * 3600 + number(minute)? * 60 + number(second)?)
}

/// The address of the next page in a `Link` header (RFC 8288).
pub(crate) fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|entry| {
        let (address, rest) = entry.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.split(';').any(|part| {
            let part = part.trim();
            part == "rel=\"next\"" || part == "rel=next"
        });
        is_next.then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 0-99/1234"), Some((0..100, Some(1234))));
        assert_eq!(content_range("bytes 5-5/*"), Some((5..6, None)));
        for wrong in [
            "",
            "bytes */1234",
            "bytes 9-5/100",
            "bytes 0-100/100",
            "bytes 0-18446744073709551615/1",
            "items 0-9/10",
            "bytes -5-9/10",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn identities_differ_by_what_is_known() {
        let of = |total: u64, etag: Option<&'static str>, modified: Option<&'static str>| {
            Identity::of(total, |name| if name == "etag" { etag } else { modified })
        };
        let (a, b) = (of(9, Some("\"a\""), Some("x")), of(9, Some("\"b\""), Some("x")));
        assert!(a.change(&b).unwrap().contains("ETag was \"a\", now it is \"b\""));
        assert!(a.change(&of(8, Some("\"a\""), None)).unwrap().contains("9 bytes"));
        // Another server of a group may have written the file at another time.
        assert_eq!(a.change(&of(9, Some("\"a\""), Some("y"))), None);
        let (weak, later) = (of(9, Some("W/\"a\""), Some("x")), of(9, Some("W/\"b\""), Some("y")));
        assert!(weak.change(&later).unwrap().contains("last modified x"));
        assert_eq!(weak.change(&of(9, None, None)), None);
    }

    #[test]
    fn waits_are_seconds_dates_and_what_is_left_of_a_window() {
        let wait = |headers: &[(&str, &'static str)]| {
            wait_of(|name| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
        };
        assert_eq!(wait(&[("retry-after", "3")]), Some(3000));
        let dates = [
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        assert_eq!(wait(&dates), Some(60_000));
        assert_eq!(wait(&[("ratelimit", "\"resolvers\";r=0;t=55")]), Some(56_000));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
    }

    #[test]
    fn links_name_the_next_page() {
        let link = "<https://h/a?cursor=x%2C>; rel=\"next\", <https://h/b>; rel=\"last\"";
        assert_eq!(next_page(link), Some("https://h/a?cursor=x%2C"));
        assert_eq!(next_page("<https://h/b>; rel=\"last\""), None);
        assert_eq!(next_page("nonsense"), None);
    }
}
