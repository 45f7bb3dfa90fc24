//! MP4: the boxes around H.264 pictures (ISO/IEC 14496-12 and 14496-15), index first, so that
//! players can start before the file is complete.

use std::io::SeekFrom;

use super::{FilmError, Sink};

/// Units of a second that times are counted in.
const TIMESCALE: u32 = 1000;
/// Bytes of the index besides its tables, rounded up.
const INDEX: u64 = 1024;
/// Bytes of the index for every picture: its time, its size, its place among the key pictures.
const INDEX_A_PICTURE: u64 = 16;

/// Writes an MP4 file of one track.
pub(super) struct Muxer<'a> {
    sink: &'a mut dyn Sink,
    start: u64,
    width: u16,
    height: u16,
    /// Where the index goes, and the bytes kept for it.
    index: (u64, u64),
    /// Where the pictures begin.
    data: u64,
    sequence_set: Vec<u8>,
    picture_set: Vec<u8>,
    /// Bytes, time and whether it can be shown without those before.
    samples: Vec<(u32, u32, bool)>,
}

/// The units of a byte stream (ITU-T H.264, annex B), without their start codes.
fn units(stream: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = stream
        .windows(3)
        .enumerate()
        .filter(|(_, window)| window == &[0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    let unit = |(&start, end): (&usize, usize)| {
        let unit = &stream[start + 3..end];
        let zeros = unit.iter().rev().take_while(|&&byte| byte == 0).count();
        &unit[..unit.len() - zeros]
    };
    starts.iter().zip(ends).map(unit).filter(|unit| !unit.is_empty()).collect()
}

/// A box: its length, its name, what is in it.
fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = (length as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(name);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// 32-bit numbers, as boxes hold them.
fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The matrix that moves nothing.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

impl<'a> Muxer<'a> {
    /// Begins a file of at most `most` pictures.
    pub(super) fn new(
        sink: &'a mut dyn Sink,
        (width, height): (usize, usize),
        most: usize,
    ) -> Result<Self, FilmError> {
        let start = sink.stream_position()?;
        let kind = boxed(b"ftyp", &[b"isom", &numbers(&[512]), b"isomiso2avc1mp41"]);
        sink.write_all(&kind)?;
        let index = (start + kind.len() as u64, INDEX + INDEX_A_PICTURE * most as u64);
        // Zeros are no boxes: a file that was never finished is not taken for a film.
        let gap = vec![0; 1 << 16];
        let mut left = index.1;
        while left > 0 {
            let part = left.min(gap.len() as u64);
            sink.write_all(&gap[..part as usize])?;
            left -= part;
        }
        sink.write_all(&[0; 16])?;
        Ok(Muxer {
            sink,
            start,
            width: width as u16,
            height: height as u16,
            index,
            data: index.0 + index.1 + 16,
            sequence_set: Vec::new(),
            picture_set: Vec::new(),
            samples: Vec::new(),
        })
    }

    /// Pictures so far.
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// Adds a picture as the encoder gives it.
    pub(super) fn add(&mut self, stream: &[u8], ms: u32) -> Result<(), FilmError> {
        let (mut sample, mut key) = (Vec::with_capacity(stream.len() + 16), false);
        for unit in units(stream) {
            match unit[0] & 0x1F {
                7 => self.sequence_set = unit.to_vec(),
                8 => self.picture_set = unit.to_vec(),
                kind => {
                    key |= kind == 5;
                    sample.extend_from_slice(&(unit.len() as u32).to_be_bytes());
                    sample.extend_from_slice(unit);
                }
            }
        }
        self.sink.write_all(&sample)?;
        self.samples.push((sample.len() as u32, ms, key));
        Ok(())
    }

    /// Lets the last picture last longer.
    pub(super) fn extend(&mut self, ms: u32) {
        if let Some((_, last, _)) = self.samples.last_mut() {
            *last = last.saturating_add(ms);
        }
    }

    /// Writes the index; gives how long the film takes, milliseconds.
    pub(super) fn finish(self) -> Result<u64, FilmError> {
        let duration: u64 = self.samples.iter().map(|(_, ms, _)| u64::from(*ms)).sum();
        let short = u32::try_from(duration).map_err(|_| FilmError::Limit {
            output: "mp4",
            what: format!("a film of {duration} ms"),
            most: "49 days",
        })?;
        let end = self.sink.stream_position()?;
        let index = self.movie(short);
        let left = self.index.1.checked_sub(index.len() as u64 + 8).ok_or(FilmError::Encode {
            output: "mp4",
            why: "the index is larger than the place kept for it".to_owned(),
        })?;
        self.sink.seek(SeekFrom::Start(self.index.0))?;
        self.sink.write_all(&index)?;
        self.sink.write_all(&numbers(&[left as u32 + 8]))?;
        self.sink.write_all(b"free")?;
        self.sink.seek(SeekFrom::Start(self.data - 16))?;
        self.sink.write_all(&numbers(&[1]))?;
        self.sink.write_all(b"mdat")?;
        self.sink.write_all(&(end - self.data + 16).to_be_bytes())?;
        self.sink.seek(SeekFrom::Start(end))?;
        self.sink.flush()?;
        Ok(duration)
    }

    fn movie(&self, duration: u32) -> Vec<u8> {
        let mut head = numbers(&[0, 0, 0, TIMESCALE, duration, 0x1_0000, 0x0100_0000, 0, 0]);
        head.extend_from_slice(&numbers(&MATRIX));
        head.extend_from_slice(&numbers(&[0, 0, 0, 0, 0, 0, 2]));
        boxed(b"moov", &[&boxed(b"mvhd", &[&head]), &self.track(duration)])
    }

    fn track(&self, duration: u32) -> Vec<u8> {
        let mut head = numbers(&[3, 0, 0, 1, 0, duration, 0, 0, 0, 0]);
        head.extend_from_slice(&numbers(&MATRIX));
        let (width, height) = (u32::from(self.width), u32::from(self.height));
        head.extend_from_slice(&numbers(&[width << 16, height << 16]));
        let mut times = numbers(&[0, 0, 0, TIMESCALE, duration]);
        // The language "und": not determined.
        times.extend_from_slice(&[0x55, 0xC4, 0, 0]);
        let mut handler = numbers(&[0, 0]);
        handler.extend_from_slice(b"vide");
        handler.extend_from_slice(&[0; 12]);
        handler.extend_from_slice(b"hinton\0");
        let here = boxed(b"url ", &[&numbers(&[1])]);
        let references = boxed(b"dref", &[&numbers(&[0, 1]), &here]);
        let media = boxed(
            b"minf",
            &[
                &boxed(b"vmhd", &[&numbers(&[1, 0, 0])]),
                &boxed(b"dinf", &[&references]),
                &self.table(),
            ],
        );
        let media =
            boxed(b"mdia", &[&boxed(b"mdhd", &[&times]), &boxed(b"hdlr", &[&handler]), &media]);
        boxed(b"trak", &[&boxed(b"tkhd", &[&head]), &media])
    }

    /// What the pictures are, and where and when each is.
    fn table(&self) -> Vec<u8> {
        let count = self.samples.len() as u32;
        let mut times: Vec<[u32; 2]> = Vec::new();
        for (_, ms, _) in &self.samples {
            match times.last_mut() {
                Some([count, last]) if last == ms => *count += 1,
                _ => times.push([1, *ms]),
            }
        }
        let keys = self.samples.iter().zip(1..).filter(|((_, _, key), _)| *key);
        let keys: Vec<u32> = keys.map(|(_, number)| number).collect();
        let sizes: Vec<u32> = self.samples.iter().map(|(size, _, _)| *size).collect();
        let list = |head: &[u32], rest: &[u32]| [numbers(head), numbers(rest)].concat();
        let place = (self.data - self.start).to_be_bytes();
        boxed(
            b"stbl",
            &[
                &boxed(b"stsd", &[&numbers(&[0, 1]), &self.description()]),
                &boxed(b"stts", &[&list(&[0, times.len() as u32], times.as_flattened())]),
                &boxed(b"stss", &[&list(&[0, keys.len() as u32], &keys)]),
                &boxed(b"stsc", &[&numbers(&[0, 1, 1, count, 1])]),
                &boxed(b"stsz", &[&list(&[0, 0, count], &sizes)]),
                &boxed(b"co64", &[&numbers(&[0, 1]), &place]),
            ],
        )
    }

    fn description(&self) -> Vec<u8> {
        let mut entry = vec![0; 6];
        entry.extend_from_slice(&[0, 1]);
        entry.extend_from_slice(&[0; 16]);
        entry.extend_from_slice(&self.width.to_be_bytes());
        entry.extend_from_slice(&self.height.to_be_bytes());
        // 72 pixels to the inch both ways, one picture a sample, no name, 24 bits.
        entry.extend_from_slice(&numbers(&[0x48_0000, 0x48_0000, 0]));
        entry.extend_from_slice(&[0, 1]);
        entry.extend_from_slice(&[0; 32]);
        entry.extend_from_slice(&[0, 24, 0xFF, 0xFF]);
        let set = |set: &[u8]| [&(set.len() as u16).to_be_bytes()[..], set].concat();
        let profile = self.sequence_set.get(1..4).unwrap_or(&[66, 0, 40]);
        let config = boxed(
            b"avcC",
            &[
                &[1],
                profile,
                &[0xFF, 0xE1],
                &set(&self.sequence_set),
                &[1],
                &set(&self.picture_set),
            ],
        );
        // BT.709 colours, sRGB curve, BT.709 matrix, limited range.
        let color = boxed(b"colr", &[b"nclx", &[0, 1, 0, 13, 0, 1, 0]]);
        boxed(b"avc1", &[&entry, &config, &color])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_lose_their_start_codes() {
        let stream = [0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 7, 7, 0, 0, 0, 1, 0x65, 1, 0, 2];
        assert_eq!(units(&stream), [&[0x67, 9][..], &[0x68, 7, 7], &[0x65, 1, 0, 2]]);
        assert!(units(&[]).is_empty());
        assert!(units(&[0, 0, 1]).is_empty());
    }
}
