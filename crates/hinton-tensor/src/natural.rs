//! Natural order: digits are compared as numbers, so that `epoch_9` comes before `epoch_10`.

use std::cmp::Ordering;

/// Compares two names: sequences of digits by their value, everything else by its characters. Names
/// that differ only in leading zeros are compared as text, so only identical names are equal.
/// Numbers may have any length.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (x, y) = (digits(left), digits(right));
            let order = value_cmp(x, y);
            if order != Ordering::Equal {
                return order;
            }
            left = &left[x.len()..];
            right = &right[y.len()..];
        } else if x == y {
            left = &left[x.len_utf8()..];
            right = &right[y.len_utf8()..];
        } else {
            return x.cmp(&y);
        }
    }
}

/// The digits a text starts with.
fn digits(text: &str) -> &str {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    &text[..end]
}

fn value_cmp(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["e10", "e9", "e1", "e09", "e", "f1", "e1b", "e1.5", "E2"];
        names.sort_by(|a, b| natural_cmp(a, b));
        assert_eq!(names, ["E2", "e", "e1", "e1.5", "e1b", "e09", "e9", "e10", "f1"]);
        let long = "9".repeat(40);
        assert_eq!(natural_cmp(&format!("s{long}"), &format!("s1{long}")), Ordering::Less);
        assert_eq!(natural_cmp("é9", "é10"), Ordering::Less);
        assert_eq!(natural_cmp("a", "a"), Ordering::Equal);
        assert_eq!(natural_cmp("a01b", "a1c"), Ordering::Less);
    }

    proptest::proptest! {
        #[test]
        fn it_is_an_order(a in "[a0-9é.]{0,6}", b in "[a0-9é.]{0,6}", c in "[a0-9é.]{0,6}") {
            proptest::prop_assert_eq!(natural_cmp(&a, &b), natural_cmp(&b, &a).reverse());
            proptest::prop_assert_eq!(natural_cmp(&a, &b).is_eq(), a == b);
            if natural_cmp(&a, &b).is_le() && natural_cmp(&b, &c).is_le() {
                proptest::prop_assert!(natural_cmp(&a, &c).is_le());
            }
        }
    }
}
