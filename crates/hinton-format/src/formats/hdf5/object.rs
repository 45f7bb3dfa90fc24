//! Object headers, versions 1 and 2: the messages that describe a group or a dataset.

use std::collections::BTreeSet;

use super::file::{Fields, H5File};
use crate::{Error, ErrorKind};

/// The kinds of messages that are read.
pub(super) mod kind {
    pub(crate) const DATASPACE: u16 = 0x01;
    pub(crate) const LINK_INFO: u16 = 0x02;
    pub(crate) const DATATYPE: u16 = 0x03;
    pub(crate) const OLD_FILL: u16 = 0x04;
    pub(crate) const FILL: u16 = 0x05;
    pub(crate) const LINK: u16 = 0x06;
    pub(crate) const EXTERNAL_FILES: u16 = 0x07;
    pub(crate) const LAYOUT: u16 = 0x08;
    pub(crate) const FILTERS: u16 = 0x0b;
    pub(crate) const ATTRIBUTE: u16 = 0x0c;
    pub(crate) const CONTINUATION: u16 = 0x10;
    pub(crate) const SYMBOL_TABLE: u16 = 0x11;
    pub(crate) const ATTRIBUTE_INFO: u16 = 0x15;
}

/// One message of an object header.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) kind: u16,
    flags: u8,
    pub(super) body: Vec<u8>,
    /// Byte of the file at which the body lies.
    pub(super) at: u64,
}

/// A group or a dataset: its messages, in order.
pub(super) struct Object {
    pub(super) messages: Vec<Message>,
}

impl Message {
    /// The numbers in the message.
    pub(super) fn fields<'a>(&'a self, file: &H5File, what: &'a str) -> Fields<'a> {
        Fields::new(&self.body, self.at, file.frame, what)
    }
}

impl Object {
    /// Reads the header at that byte of the file, with its continuations.
    pub(super) fn read(file: &H5File, at: u64) -> Result<Object, Error> {
        let start = file.block(at, 6, "object header")?;
        let mut reader = Reader { file, messages: Vec::new(), seen: BTreeSet::from([at]) };
        if start.starts_with(b"OHDR") {
            reader.version_2(at, start[4], start[5])?;
        } else if start[0] == 1 {
            reader.version_1(at)?;
        } else {
            let found = start[..4].escape_ascii();
            return Err(
                Error::malformed(format!("expected an object header, found {found}")).at_byte(at)
            );
        }
        Ok(Object { messages: reader.messages })
    }

    /// The first message of that kind; one that is shared is fetched from where it lies.
    pub(super) fn find(&self, file: &H5File, kind: u16) -> Result<Option<Message>, Error> {
        let found = self.messages.iter().find(|message| message.kind == kind);
        found.map(|message| resolve(file, message)).transpose()
    }

    /// Whether there is a message of that kind.
    pub(super) fn has(&self, kind: u16) -> bool {
        self.messages.iter().any(|message| message.kind == kind)
    }
}

/// A message itself, where an object header may hold a reference to it.
pub(super) fn resolve(file: &H5File, message: &Message) -> Result<Message, Error> {
    if message.flags & 2 == 0 {
        return Ok(message.clone());
    }
    shared(file, &mut message.fields(file, "shared message"), message.kind)
}

/// The message that a reference names: one of a committed datatype's object header.
pub(super) fn shared(file: &H5File, fields: &mut Fields<'_>, kind: u16) -> Result<Message, Error> {
    let version = fields.version(1..=3)?;
    let place = fields.u8()?;
    if version == 1 {
        fields.take(6)?;
    }
    if version == 3 && place == 1 {
        let message = "the message is in the file's table of shared messages";
        return Err(Error::new(ErrorKind::Unsupported, message).at_byte(fields.at()));
    }
    let at = fields.needed_address("shared message")?;
    let object = Object::read(file, at)?;
    let found =
        object.messages.into_iter().find(|found| found.kind == kind && found.flags & 2 == 0);
    found.ok_or_else(|| fields.wrong("the shared message is not where it should be"))
}

struct Reader<'f> {
    file: &'f H5File,
    messages: Vec<Message>,
    /// Blocks that have been read, so that no circle is followed.
    seen: BTreeSet<u64>,
}

impl Reader<'_> {
    fn version_1(&mut self, at: u64) -> Result<(), Error> {
        let head = self.file.block(at, 16, "object header")?;
        let mut fields = Fields::new(&head, at, self.file.frame, "object header");
        fields.take(8)?;
        let size = u64::from(fields.u32()?);
        let mut blocks = vec![(at + 16, size)];
        while let Some((at, size)) = blocks.pop() {
            let bytes = self.file.block(at, size, "object header")?;
            let mut fields = Fields::new(&bytes, at, self.file.frame, "object header");
            while fields.left() >= 8 {
                let (kind, size) = (fields.u16()?, fields.u16()?);
                let flags = fields.u8()?;
                fields.take(3)?;
                self.message(&mut fields, kind, flags, size, &mut blocks)?;
            }
        }
        Ok(())
    }

    fn version_2(&mut self, at: u64, version: u8, flags: u8) -> Result<(), Error> {
        if version != 2 {
            let message = format!("version {version} of the object header; 1 and 2 are read");
            return Err(Error::new(ErrorKind::Unsupported, message).at_byte(at + 4));
        }
        let width = 1 << (flags & 3);
        let times = if flags & 0x20 == 0 { 0 } else { 16 };
        let phases = if flags & 0x10 == 0 { 0 } else { 4 };
        let prefix = 6 + times + phases + width as u64;
        let head = self.file.block(at, prefix, "object header")?;
        let mut fields = Fields::new(&head, at, self.file.frame, "object header");
        fields.take(6 + times as usize + phases as usize)?;
        let size = fields.uint(width)?;
        let whole = prefix.checked_add(size).and_then(|size| size.checked_add(4));
        let whole = whole.ok_or_else(|| fields.wrong("the object header has no possible size"))?;
        let mut blocks = vec![(at, whole)];
        let mut skip = prefix as usize;
        while let Some((at, size)) = blocks.pop() {
            let bytes = self.file.checked_block(at, size, "object header")?;
            let mut fields =
                Fields::new(&bytes[..bytes.len() - 4], at, self.file.frame, "object header");
            if skip == 4 {
                fields.signature(b"OCHK")?;
            } else {
                fields.take(skip)?;
            }
            let order = if flags & 4 == 0 { 0 } else { 2 };
            // What is too short for a message is a gap.
            while fields.left() >= 4 + order {
                let (kind, size, flags) = (u16::from(fields.u8()?), fields.u16()?, fields.u8()?);
                fields.take(order)?;
                self.message(&mut fields, kind, flags, size, &mut blocks)?;
            }
            skip = 4;
        }
        Ok(())
    }

    fn message(
        &mut self,
        fields: &mut Fields<'_>,
        kind: u16,
        flags: u8,
        size: u16,
        blocks: &mut Vec<(u64, u64)>,
    ) -> Result<(), Error> {
        let at = fields.at();
        let body = fields.take(usize::from(size))?;
        if kind == kind::CONTINUATION {
            let mut fields = Fields::new(body, at, fields.frame(), "continuation");
            let (start, len) = (fields.needed_address("continuation")?, fields.length()?);
            if !self.seen.insert(start) {
                return Err(fields.wrong("the object header continues in a block of its own twice"));
            }
            blocks.push((start, len));
        } else if kind != 0 {
            self.messages.push(Message { kind, flags, body: body.to_vec(), at });
        }
        Ok(())
    }
}
