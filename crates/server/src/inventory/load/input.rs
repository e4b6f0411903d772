//! A file as it lies there: plain, `.gz` or `.zst`, whatever it is called.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use anyhow::Context;
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::{
    lines::{Encoding, Lines},
    source::Progress,
};

/// Bytes that are read at a time.
const BUFFER: usize = 256 * 1024;

/// Where the bytes are.
#[derive(Debug)]
pub enum Place {
    /// In a file.
    Path(PathBuf),
    /// In a file without a name, which standard input was written to.
    Spooled(File),
    /// In memory.
    Text(String),
}

/// Reads all of a place, unpacked.
pub(super) fn open<'p>(
    place: &'p Place,
    progress: &'p Progress,
) -> anyhow::Result<Box<dyn BufRead + 'p>> {
    let raw: Box<dyn Read + 'p> = match place {
        Place::Path(path) => {
            Box::new(File::open(path).with_context(|| path.display().to_string())?)
        }
        Place::Spooled(file) => Box::new(From0 { file, at: 0 }),
        Place::Text(text) => Box::new(Cursor::new(text.as_bytes())),
    };
    let mut packed = BufReader::with_capacity(BUFFER, Counted { raw, progress });
    let head = packed.fill_buf()?;
    if head.starts_with(b"\x1f\x8b") {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(packed))));
    }
    if head.starts_with(b"\x28\xb5\x2f\xfd") {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, Zstd::Between(Some(packed)))));
    }
    Ok(Box::new(packed))
}

/// Bytes of a place, as they lie there.
pub(super) fn size(place: &Place) -> Option<u64> {
    match place {
        Place::Path(path) => {
            path.metadata().ok().filter(std::fs::Metadata::is_file).map(|facts| facts.len())
        }
        Place::Spooled(file) => file.metadata().ok().map(|facts| facts.len()),
        Place::Text(text) => Some(text.len() as u64),
    }
}

/// Writes the first line of a place and the lines that are named, as they are; false: it cannot be read
/// twice.
pub(super) fn copy(
    place: &Place,
    encoding: Encoding,
    lines: &BTreeSet<u32>,
    into: &mut dyn Write,
) -> anyhow::Result<bool> {
    if size(place).is_none() {
        return Ok(false);
    }
    let progress = Progress::default();
    let mut records = Lines::new(open(place, &progress)?, encoding);
    let mut is_head = true;
    while let Some(line) = records.next()? {
        if is_head || lines.contains(&line.number) {
            into.write_all(line.raw)?;
            if !line.raw.ends_with(b"\n") {
                into.write_all(b"\n")?;
            }
        }
        is_head = false;
    }
    Ok(true)
}

/// Writes standard input to a file without a name, so that it can be read again.
pub(super) fn spool(folder: &Path) -> anyhow::Result<Place> {
    let mut file = tempfile::tempfile_in(folder).with_context(|| folder.display().to_string())?;
    io::copy(&mut io::stdin().lock(), &mut file).context("standard input")?;
    Ok(Place::Spooled(file))
}

struct Counted<'p, R> {
    raw: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        self.progress.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A file from its beginning, wherever somebody else has read it to.
struct From0<'p> {
    file: &'p File,
    at: u64,
}

impl Read for From0<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Zstandard, one frame after the other.
enum Zstd<R: BufRead> {
    Between(Option<R>),
    Within(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Between(raw) => {
                    let Some(mut raw) = raw.take() else { return Ok(0) };
                    if raw.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(raw).map_err(io::Error::other)?;
                    *self = Self::Within(Box::new(decoder));
                }
                Self::Within(decoder) => {
                    let read = decoder.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                    let Self::Within(ended) = std::mem::replace(self, Self::Between(None)) else {
                        return Ok(0);
                    };
                    *self = Self::Between(Some(ended.into_inner()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let (place, progress) = (Place::Path(file.path().to_owned()), Progress::default());
        let mut text = String::new();
        open(&place, &progress).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(progress.bytes.load(Ordering::Relaxed), bytes.len() as u64);
        text
    }

    #[test]
    fn what_is_packed_is_known_by_its_first_bytes_and_may_be_several_pieces() {
        let gz = |text: &str| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        assert_eq!(read(&[gz("one"), gz("two")].concat()), "onetwo");
        // printf one | zstd -c, as it came.
        let zst = |text: &str| {
            ruzstd::encoding::compress_to_vec(
                text.as_bytes(),
                ruzstd::encoding::CompressionLevel::Uncompressed,
            )
        };
        assert_eq!(read(&[zst("one"), zst("two")].concat()), "onetwo");
        assert_eq!(read(b"plain"), "plain");
    }
}
