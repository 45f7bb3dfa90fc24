//! The row of a codec.

/// A codec by the name that users know.
pub(crate) struct CodecRow {
    /// `--codec NAME`.
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) about: &'static str,
    /// Extensions of the files that may hold it; the first is the usual one.
    pub(crate) extensions: &'static [&'static str],
    /// ffmpeg's encoders and how they are set, the best first: not every ffmpeg has each.
    pub(super) encoders: &'static [(&'static str, &'static str)],
}
