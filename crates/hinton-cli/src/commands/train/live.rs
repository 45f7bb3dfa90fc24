//! The weights in the terminal while they change.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use hinton::look::{Length, PageSize};
use hinton::outputs::{Graphics, output_named};
use hinton::train::{Session, StepProgress};
use hinton::{DrawRequest, render};

use crate::failure::Failure;
use crate::out;
use crate::terminal::Terminal;

/// Steps in between are not drawn sooner than this.
const PAUSE: Duration = Duration::from_millis(80);
/// The first steps are drawn all, for then most is learned.
const ALL_UNTIL: u64 = 40;

/// Draws a picture over the one before.
pub(super) struct Live<'a> {
    terminal: &'a Terminal,
    request: DrawRequest,
    /// Lines of the picture that stands there.
    lines: usize,
    /// What is to be said above the next picture.
    said: String,
    drawn: Option<Instant>,
}

impl<'a> Live<'a> {
    pub(super) fn new(terminal: &'a Terminal, request: DrawRequest) -> Self {
        Live { terminal, request, lines: 0, said: String::new(), drawn: None }
    }

    /// Draws the weights after a step, where it is time.
    pub(super) fn step(
        &mut self,
        progress: &StepProgress,
        session: &Session,
    ) -> Result<(), Failure> {
        let is_time = self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE);
        if !is_time && progress.step > ALL_UNTIL && progress.done < progress.of {
            return Ok(());
        }
        let picture = self.picture(session)?;
        let StepProgress { step, epoch, done, of } = progress;
        let epochs = session.settings().epochs;
        let status = format!("epoch {epoch} of {epochs}, step {done} of {of} ({step} in all)\n");
        self.drawn = Some(Instant::now());
        self.replace(&picture, &status)
    }

    /// Lines that stay, above the next picture.
    pub(super) fn say(&mut self, text: &str) {
        self.said.push_str(text);
    }

    /// Takes the picture away; what was said stays.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let text = format!("{}\x1b[J{}", self.up(), std::mem::take(&mut self.said));
        self.lines = 0;
        out::emit(text.as_bytes())
    }

    /// The picture as the terminal takes it, no taller than the window.
    fn picture(&mut self, session: &Session) -> Result<Vec<u8>, Failure> {
        let (width, height) = self.terminal.options.cell_pixels;
        // A line for the status and one for the cursor, and a few that have been said.
        let room = self.terminal.options.rows.saturating_sub(4).max(4) as f64 * f64::from(height);
        let mut columns = self.terminal.options.columns;
        loop {
            let pixels = columns as f64 * f64::from(width);
            self.request.options.size =
                Some(PageSize { width: Length::Pixels(pixels), height: None });
            let picture = session.picture(&self.request)?;
            let ratio = picture.scene.height / picture.scene.width;
            let tall = pixels * ratio;
            if tall <= room || columns <= 20 {
                let mut options = picture.render_options();
                options.terminal = self.terminal.options.clone();
                options.terminal.columns = columns;
                options.terminal.graphics = letters(options.terminal.graphics);
                return Ok(render(&picture, output_named("terminal")?, &options)?);
            }
            columns = ((columns as f64 * room / tall) as usize).clamp(20, columns - 1);
        }
    }

    /// Writes the picture over the one before, in one go, so that nothing flickers.
    fn replace(&mut self, picture: &[u8], status: &str) -> Result<(), Failure> {
        // Terminals that know of it show everything between the two at once.
        let mut bytes = format!("\x1b[?2026h{}", self.up()).into_bytes();
        for byte in self.said.bytes().chain(picture.iter().copied()).chain(status.bytes()) {
            if byte == b'\n' {
                // What stood there before may have been longer.
                bytes.extend_from_slice(b"\x1b[K");
            }
            bytes.push(byte);
        }
        bytes.extend_from_slice(b"\x1b[J\x1b[?2026l");
        self.said.clear();
        self.lines = picture.iter().chain(status.as_bytes()).filter(|byte| **byte == b'\n').count();
        out::emit(&bytes)
    }

    /// Back to the first line of the picture.
    fn up(&self) -> String {
        let mut text = String::new();
        if self.lines > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "\x1b[{}F", self.lines);
        }
        text
    }
}

/// Pictures made of letters can be written over; whoever shows others has colours for them.
fn letters(graphics: Graphics) -> Graphics {
    match graphics {
        Graphics::Kitty | Graphics::Iterm2 | Graphics::Sixel => Graphics::TrueColor,
        letters => letters,
    }
}
