//! A file cut into records: one line each, or several where a quoted value has line breaks. Each knows
//! its line, is decoded on its own, and can be written down again as it was.

use std::io::{BufRead, Read};

use encoding_rs::WINDOWS_1252;

/// Bytes of one record at the most.
const RECORD_BYTES_MAX: usize = 64 * 1024;

/// What a file's bytes mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// Found out by the first line that is not plain ASCII.
    Auto,
    /// UTF-8, with or without a byte order mark.
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-1252, which Latin-1 is a part of, as far as it can be printed.
    #[value(name = "windows-1252", alias = "latin-1", alias = "iso-8859-1")]
    Windows1252,
}

/// What is wrong with a record before its values are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    NotUtf8,
    NeverClosed,
    TooLong,
    Utf16,
}

impl Broken {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NotUtf8 => {
                "not UTF-8, as the lines before it; save the file as UTF-8 (in Excel: CSV UTF-8), or \
                 say --encoding windows-1252"
            }
            Self::NeverClosed => {
                "a value begins with \" and does not end; double a \" within a value"
            }
            Self::TooLong => "64 KiB at the most",
            Self::Utf16 => "the file is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)",
        }
    }
}

/// Reads records one after the other.
pub(super) struct Lines<R> {
    input: R,
    encoding: Encoding,
    /// The line that the next record begins on.
    next: u32,
    /// Lines that were read to look for the end of a quoted value that has none.
    back: Vec<u8>,
    back_at: usize,
    raw: Vec<u8>,
    parser: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    text: String,
}

/// A record: where it stands, its bytes, and its values.
pub(super) struct Line<'l> {
    pub(super) number: u32,
    pub(super) raw: &'l [u8],
    pub(super) values: Result<Values<'l>, Broken>,
}

/// The values of a record.
#[derive(Clone, Copy)]
pub(super) struct Values<'l> {
    text: &'l str,
    ends: &'l [usize],
    /// Bytes between two values: the separator, or nothing where they were unquoted.
    between: usize,
}

impl<'l> Values<'l> {
    pub(super) fn len(self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(self, index: usize) -> Option<&'l str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] + self.between);
        self.text.get(start..end)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'l str> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        Self {
            input,
            encoding,
            next: 1,
            back: Vec::new(),
            back_at: 0,
            raw: Vec::new(),
            parser: csv_core::ReaderBuilder::new().delimiter(b';').build(),
            bytes: Vec::new(),
            ends: Vec::new(),
            text: String::new(),
        }
    }

    /// The next record that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        loop {
            self.raw.clear();
            let number = self.next;
            let mut broken = self.line()?;
            if self.raw.is_empty() {
                return Ok(None);
            }
            if number == 1 {
                broken = broken.or_else(|| self.strip_mark());
            }
            if broken.is_none() && self.raw.contains(&b'"') {
                broken = self.close_quotes()?;
            }
            if self.raw.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t')) {
                continue;
            }
            let parsed = match broken {
                Some(broken) => Err(broken),
                None => self.parse(),
            };
            let values =
                parsed.map(|between| Values { text: &self.text, ends: &self.ends, between });
            return Ok(Some(Line { number, raw: &self.raw, values }));
        }
    }

    /// Appends a line to the record; what is too long for one is read past.
    fn line(&mut self) -> std::io::Result<Option<Broken>> {
        self.next += 1;
        if self.back_at < self.back.len() {
            let rest = &self.back[self.back_at..];
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
            self.raw.extend_from_slice(&rest[..end]);
            self.back_at += end;
            return Ok(None);
        }
        let mut limited = self.input.by_ref().take(RECORD_BYTES_MAX as u64);
        let read = limited.read_until(b'\n', &mut self.raw)?;
        if read < RECORD_BYTES_MAX || self.raw.ends_with(b"\n") {
            return Ok(None);
        }
        loop {
            let (found, used) = {
                let buffer = self.input.fill_buf()?;
                match buffer.iter().position(|byte| *byte == b'\n') {
                    Some(at) => (true, at + 1),
                    None => (buffer.is_empty(), buffer.len()),
                }
            };
            self.input.consume(used);
            if found {
                return Ok(Some(Broken::TooLong));
            }
        }
    }

    /// Reads on until every quoted value has ended. Where one does not, only the line it begins on is
    /// refused.
    fn close_quotes(&mut self) -> std::io::Result<Option<Broken>> {
        let first = self.raw.len();
        let next = self.next;
        while is_open(&self.raw) {
            let before = self.raw.len();
            let too_long = self.line()?.is_some() || self.raw.len() > RECORD_BYTES_MAX;
            if self.raw.len() == before || too_long {
                let mut back = self.raw.split_off(first);
                back.extend_from_slice(&self.back[self.back_at..]);
                (self.back, self.back_at, self.next) = (back, 0, next);
                return Ok(Some(Broken::NeverClosed));
            }
        }
        Ok(None)
    }

    fn strip_mark(&mut self) -> Option<Broken> {
        if self.raw.starts_with(b"\xff\xfe") || self.raw.starts_with(b"\xfe\xff") {
            return Some(Broken::Utf16);
        }
        if self.raw.starts_with(b"\xef\xbb\xbf") {
            self.raw.drain(..3);
            self.encoding = Encoding::Utf8;
        }
        None
    }

    /// Decodes the record and finds its values; answers the bytes between two of them.
    fn parse(&mut self) -> Result<usize, Broken> {
        let line = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.ends.clear();
        self.text.clear();
        let encoding = if line.is_ascii() { Encoding::Utf8 } else { self.encoding };
        let decoded = match encoding {
            Encoding::Utf8 => std::str::from_utf8(line).map_err(|_| Broken::NotUtf8)?.into(),
            Encoding::Windows1252 => WINDOWS_1252.decode_without_bom_handling(line).0,
            Encoding::Auto => match std::str::from_utf8(line) {
                Ok(text) => {
                    self.encoding = Encoding::Utf8;
                    text.into()
                }
                Err(_) => {
                    self.encoding = Encoding::Windows1252;
                    WINDOWS_1252.decode_without_bom_handling(line).0
                }
            },
        };
        if !line.contains(&b'"') {
            self.text.push_str(&decoded);
            let separators = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b';');
            self.ends.extend(separators.map(|(at, _)| at));
            self.ends.push(self.text.len());
            return Ok(1);
        }
        unquote(&mut self.parser, decoded.as_bytes(), &mut self.bytes, &mut self.ends);
        let end = self.ends.last().copied().unwrap_or_default();
        self.text.push_str(std::str::from_utf8(&self.bytes[..end]).map_err(|_| Broken::NotUtf8)?);
        Ok(0)
    }
}

fn unquote(parser: &mut csv_core::Reader, line: &[u8], bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
    parser.reset();
    bytes.resize(line.len() + 1, 0);
    ends.resize(line.len() + 2, 0);
    let (_, read, written, found) = parser.read_record(line, bytes, ends);
    // The end of the input ends the last value.
    let (_, _, _, more) =
        parser.read_record(&line[read..], &mut bytes[written..], &mut ends[found..]);
    ends.truncate(found + more);
}

/// Whether a value that began with a quote has not ended.
fn is_open(record: &[u8]) -> bool {
    let (mut open, mut at_start) = (false, true);
    let mut bytes = record.iter().peekable();
    while let Some(byte) = bytes.next() {
        match (open, byte) {
            (true, b'"') if bytes.peek() == Some(&&b'"') => _ = bytes.next(),
            (true, b'"') => open = false,
            (true, _) => {}
            (false, b'"') if at_start => open = true,
            (false, b';' | b'\n') => {
                at_start = true;
                continue;
            }
            (false, _) => {}
        }
        at_start = false;
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], encoding: Encoding) -> Vec<(u32, Result<Vec<String>, Broken>)> {
        let mut lines = Lines::new(text, encoding);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            let values = line.values.map(|values| values.iter().map(str::to_owned).collect());
            all.push((line.number, values));
        }
        all
    }

    fn good(number: u32, values: &[&str]) -> (u32, Result<Vec<String>, Broken>) {
        (number, Ok(values.iter().map(|value| (*value).to_owned()).collect()))
    }

    #[test]
    fn values_are_split_and_unquoted_and_lines_counted() {
        let text = b"\xef\xbb\xbfa;b\r\n\r\n1;\n\"x;\"\"y\"\"\";\"two\nlines\";\n;5\" pipe";
        let expected = vec![
            good(1, &["a", "b"]),
            good(3, &["1", ""]),
            good(4, &["x;\"y\"", "two\nlines", ""]),
            good(6, &["", "5\" pipe"]),
        ];
        assert_eq!(read(text, Encoding::Auto), expected);
    }

    #[test]
    fn the_first_accent_says_what_the_file_is() {
        let latin = b"a\n\xe9t\xe9\nna\xefve\n";
        let expected = vec![good(1, &["a"]), good(2, &["été"]), good(3, &["naïve"])];
        assert_eq!(read(latin, Encoding::Auto), expected);
        let mixed = "é\n".bytes().chain(*b"\xe9\n").collect::<Vec<_>>();
        assert_eq!(read(&mixed, Encoding::Auto)[1], (2, Err(Broken::NotUtf8)));
        assert_eq!(read(b"\x80", Encoding::Windows1252), vec![good(1, &["€"])]);
        assert_eq!(read(b"\xff\xfea\0", Encoding::Auto), vec![(1, Err(Broken::Utf16))]);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_line_only() {
        let expected =
            vec![good(1, &["a"]), (2, Err(Broken::NeverClosed)), good(3, &["b"]), good(4, &["c"])];
        assert_eq!(read(b"a\n\"x\nb\nc\n", Encoding::Auto), expected);
        let long = [b"a\n".as_slice(), &vec![b'x'; RECORD_BYTES_MAX * 2], b"\nb\n"].concat();
        let expected = vec![good(1, &["a"]), (2, Err(Broken::TooLong)), good(3, &["b"])];
        assert_eq!(read(&long, Encoding::Auto), expected);
    }
}
