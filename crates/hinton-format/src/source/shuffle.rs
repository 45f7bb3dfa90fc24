//! Reverses byte and bit shuffling, which formats apply so that elements compress better.

/// The elements of bytes that have the first byte of each, then the second of each …; what fills no
/// element stays where it is.
pub(crate) fn unshuffle(bytes: Vec<u8>, element: usize) -> Vec<u8> {
    if element < 2 {
        return bytes;
    }
    let count = bytes.len() / element;
    let mut out = vec![0; bytes.len()];
    let (planes, rest) = bytes.split_at(count * element);
    for (byte, plane) in planes.chunks_exact(count.max(1)).enumerate() {
        for (value, element) in plane.iter().zip(out.chunks_exact_mut(element)) {
            element[byte] = *value;
        }
    }
    out[count * element..].copy_from_slice(rest);
    out
}

/// The elements of bytes that have the lowest bit of each, eight to a byte, then the next …; what
/// fills no eight elements stays where it is.
pub(crate) fn unshuffle_bits(bytes: &[u8], element: usize) -> Vec<u8> {
    let element = element.max(1);
    let count = bytes.len() / element / 8 * 8;
    let mut out = vec![0; bytes.len()];
    let (planes, rest) = bytes.split_at(count * element);
    for (bit, plane) in planes.chunks_exact((count / 8).max(1)).enumerate() {
        for (at, eight) in plane.iter().enumerate() {
            for low in 0..8 {
                out[(at * 8 + low) * element + bit / 8] |= (eight >> low & 1) << (bit % 8);
            }
        }
    }
    out[count * element..].copy_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_elements_and_the_rest_stays() {
        assert_eq!(unshuffle(b"adbecfX".to_vec(), 3), b"abcdefX");
        assert_eq!(unshuffle(b"ab".to_vec(), 8), b"ab");
    }

    #[test]
    fn bits_become_elements_and_the_rest_stays() {
        // Eight elements of one byte: 1, 0, 0, …, 0x81.
        assert_eq!(unshuffle_bits(b"\x81\0\0\0\0\0\0\x80X", 1), b"\x01\0\0\0\0\0\0\x81X");
        assert_eq!(unshuffle_bits(b"abc", 2), b"abc");
    }
}
