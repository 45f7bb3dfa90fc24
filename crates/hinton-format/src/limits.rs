//! Limits on the resources that opening a file may use.

use crate::Cancel;

/// Limits on the cost of opening a file. The defaults allow files of hundreds of gigabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum size of a header, index or pickle in bytes (not of tensor data).
    pub header_bytes: u64,
    /// Maximum number of tensors in one file.
    pub tensors: usize,
    /// Maximum number of axes of a tensor.
    pub axes: usize,
    /// Maximum nesting depth of JSON, pickles and dictionaries.
    pub depth: usize,
    /// Maximum number of fields in a file of protocol buffers.
    pub fields: u64,
    /// Maximum number of steps of the pickle interpreter.
    pub pickle_steps: u64,
    /// Maximum number of bytes of a compressed member that is decompressed into memory; larger ones
    /// are streamed. The total for all members is limited separately: the oldest are discarded.
    pub inflate_bytes: u64,
    /// Maximum number of bytes of a compressed member that is decompressed into memory after all,
    /// because its stream had to be restarted several times (for example to read a compressed
    /// matrix column by column).
    pub held_bytes: u64,
    /// Maximum size of a text table (CSV) in bytes; it is parsed in memory.
    pub text_bytes: u64,
    /// Whether files are read with read calls instead of being memory-mapped. Mapped files are
    /// faster to read, but if another program truncates one in the meantime, the operating system
    /// kills the reading process. Set this in long-running programs that read next to a training;
    /// they then get an error instead.
    pub by_position: bool,
    /// What cancels the decompression of what is opened.
    pub cancel: Cancel,
}

impl Limits {
    /// The limits for a file of `disk` bytes on disk, before decompression. They grow with the
    /// size, so that a small file that decompresses or expands to a large structure takes little
    /// memory and time. Anything that a file of this size states explicitly is within the limits.
    #[must_use]
    pub fn for_disk(&self, disk: u64) -> Self {
        let tensors = usize::try_from((100_000u64).saturating_add(disk / 16)).unwrap_or(usize::MAX);
        let most = |free: u64, each: u64| disk.saturating_mul(each).saturating_add(free);
        Limits {
            header_bytes: self.header_bytes.min(most(16 << 20, 4)),
            tensors: self.tensors.min(tensors),
            fields: self.fields.min(most(2_000_000, 1)),
            pickle_steps: self.pickle_steps.min(most(8_000_000, 2)),
            text_bytes: self.text_bytes.min(most(64 << 20, 16)),
            ..*self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header_bytes: 256 << 20,
            tensors: 4_000_000,
            axes: 64,
            depth: 128,
            fields: 200_000_000,
            pickle_steps: 200_000_000,
            inflate_bytes: 32 << 20,
            // Where addresses have 32 bits, as in a browser, all memory is 4 GiB.
            held_bytes: if cfg!(target_pointer_width = "32") { 256 << 20 } else { 1 << 30 },
            text_bytes: if cfg!(target_pointer_width = "32") { 512 << 20 } else { 2 << 30 },
            by_position: false,
            cancel: Cancel::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_has_all_and_a_small_one_a_part() {
        let all = Limits::default();
        assert_eq!(all.for_disk(1 << 40), all);
        let small = all.for_disk(1000);
        assert_eq!(small.header_bytes, (16 << 20) + 4000);
        assert_eq!(small.tensors, 100_062);
        assert_eq!(small.held_bytes, all.held_bytes);
        // What was set lower stays.
        let strict = Limits { header_bytes: 10, tensors: 3, ..all };
        assert_eq!(strict.for_disk(1000).header_bytes, 10);
        assert_eq!(strict.for_disk(u64::MAX).tensors, 3);
    }
}
