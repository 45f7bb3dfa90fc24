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
    /// Most bytes that a compressed member is inflated into memory; larger ones are streamed.
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

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header_bytes: 256 << 20,
            tensors: 4_000_000,
            axes: 64,
            depth: 128,
            fields: 200_000_000,
            pickle_steps: 200_000_000,
            inflate_bytes: 64 << 20,
            held_bytes: 1 << 30,
            text_bytes: 2 << 30,
            by_position: false,
        }
    }
}
