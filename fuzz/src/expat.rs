//! Expat, through Python's standard library: a conforming reader of another make, on which half of
//! the world's programs stand, and none of whose code is in `roxmltree`. It runs beside the target,
//! since a binding would be `unsafe` of ours or want a C compiler's front end to be built.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use crate::tree::{Content, Element};

const PROGRAM: &str = include_str!("../expat.py");

struct Expat {
    _child: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

/// Reads a document.
///
/// # Errors
/// What Expat says of one that is not well-formed.
///
/// # Panics
/// Where there is no Python.
pub fn read(document: &str) -> Result<Element, String> {
    static EXPAT: OnceLock<Mutex<Expat>> = OnceLock::new();
    let expat = EXPAT.get_or_init(|| Mutex::new(Expat::start()));
    let told = expat.lock().unwrap_or_else(PoisonError::into_inner).ask(document);
    match told.split_at_checked(1) {
        Some(("+", told)) => Ok(tree(told)),
        Some((_, wrong)) => Err(wrong.to_owned()),
        None => panic!("expat.py said nothing"),
    }
}

/// Whether Expat can be asked about a document with this name in it: it has the letters of the fourth
/// edition of XML 1.0, we those of the fifth. Up to U+00FF they are the same.
pub fn knows(name: &str) -> bool {
    name.chars().all(|c| c <= '\u{ff}')
}

impl Expat {
    fn start() -> Self {
        let mut child = Command::new("python3")
            .args(["-I", "-S", "-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let questions = child.stdin.take().expect("it was asked for");
        let answers = child.stdout.take().expect("it was asked for");
        Self { _child: child, questions, answers }
    }

    fn ask(&mut self, document: &str) -> String {
        let length = u32::try_from(document.len()).expect("a short document");
        let question = [&length.to_le_bytes(), document.as_bytes()].concat();
        self.questions.write_all(&question).expect("expat.py listens");
        let mut length = [0; 4];
        self.answers.read_exact(&mut length).expect("expat.py answers");
        let mut answer = vec![0; u32::from_le_bytes(length) as usize];
        self.answers.read_exact(&mut answer).expect("expat.py answers");
        String::from_utf8(answer).expect("expat.py writes UTF-8")
    }
}

/// The root that `expat.py` tells of.
fn tree(told: &str) -> Element {
    let mut open = vec![Element::default()];
    let mut attribute = None;
    let mut pieces = told;
    while let Some(kind) = pieces.chars().next() {
        let end = pieces[1..].find(|c| matches!(c, '\u{1}' | '\u{3}'..='\u{6}'));
        let end = end.map_or(pieces.len(), |end| end + 1);
        let piece = &pieces[1..end];
        pieces = &pieces[end..];
        let name = || {
            let (namespace, local) = piece.split_once('\u{2}').expect("names have two parts");
            (namespace.to_owned(), local.to_owned())
        };
        let top = open.last_mut().expect("the root's parent is never closed");
        match kind {
            '\u{1}' => open.push(Element { name: name(), ..Element::default() }),
            '\u{3}' => attribute = Some(name()),
            '\u{4}' => {
                let name = attribute.take().expect("a value follows its name");
                top.attributes.insert(name, piece.to_owned());
            }
            '\u{5}' => top.say(piece),
            _ => {
                let closed = open.pop().expect("an end has its start");
                let parent = open.last_mut().expect("the root has a parent here");
                parent.content.push(Content::Element(closed));
            }
        }
    }
    let mut root = open.pop().expect("the root's parent is never closed");
    match root.content.pop() {
        Some(Content::Element(element)) => element,
        _ => panic!("a document has a root"),
    }
}
