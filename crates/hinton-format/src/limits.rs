//! How much a file may ask for before it is refused.

/// Bounds on what opening a file may cost. The defaults suit files of hundreds of gigabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes of a header, index or pickle (not of tensor data).
    pub header_bytes: u64,
    /// Most tensors in one file.
    pub tensors: usize,
    /// Most axes of a tensor.
    pub axes: usize,
    /// Deepest nesting of containers (JSON, pickle, dictionaries).
    pub depth: usize,
    /// Most fields of a file of protocol buffers.
    pub fields: u64,
    /// Most steps of the pickle interpreter.
    pub pickle_steps: u64,
    /// Most bytes that a compressed member is inflated into memory; larger ones are streamed. What
    /// all members have in memory is bounded beside it: the oldest is let go.
    pub inflate_bytes: u64,
    /// Most bytes that a compressed member is inflated into memory after all, once its stream had
    /// to start again several times (the columns of a compressed matrix one by one, say).
    pub held_bytes: u64,
    /// Most bytes of a text table (CSV), which is parsed in memory.
    pub text_bytes: u64,
    /// Whether files are read by position instead of being mapped into memory. Reading a mapped file
    /// is faster, but where another program cuts the file short meanwhile, the system ends the reading
    /// process: whoever runs for long beside a training reads by position and gets an error instead.
    pub by_position: bool,
}

impl Limits {
    /// The limits for a file that takes `disk` bytes on disk, packed as it lies there: what its
    /// structure may be grows with it, so that a few bytes that unpack to many, or that stand for
    /// many, take little memory and time. Whatever a file of that size says in so many words fits.
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
