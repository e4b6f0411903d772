//! Reading and writing XML: a conforming, bounded reader and a small writer.

mod declaration;
mod read;
mod write;

pub use declaration::declared_encoding;
pub use read::{Limits, XmlError, parse};
pub use write::Writer;
