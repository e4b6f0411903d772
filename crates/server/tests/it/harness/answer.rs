//! Answers, read with a parser that is not the server's.

use roxmltree::Document;

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// How many of them came to this.
pub fn count(replies: &[Reply], outcome: &str) -> usize {
    replies.iter().filter(|reply| reply.outcome() == outcome).count()
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The text of the first element of this name.
    pub fn text(&self, name: &str) -> Option<String> {
        let document = Document::parse(&self.body).expect("an XML document");
        let found = document.descendants().find(|node| node.tag_name().name() == name);
        found.and_then(|node| node.text().map(str::to_owned))
    }

    /// An attribute of every element of this name.
    pub fn attributes(&self, name: &str, attribute: &str) -> Vec<String> {
        let document = Document::parse(&self.body).expect("an XML document");
        let nodes = document.descendants().filter(|node| node.tag_name().name() == name);
        nodes.filter_map(|node| node.attribute(attribute)).map(str::to_owned).collect()
    }

    /// An attribute of the first element of this name that has `reference` for its reference.
    pub fn of(&self, name: &str, reference: &str, attribute: &str) -> Option<String> {
        let document = Document::parse(&self.body).expect("an XML document");
        let mut nodes = document.descendants().filter(|node| node.tag_name().name() == name);
        let node = nodes.find(|node| node.attribute("reference") == Some(reference))?;
        node.attribute(attribute).map(str::to_owned)
    }

    /// `"OK"`, or the code of a KO.
    pub fn outcome(&self) -> String {
        match self.text("statut").as_deref() {
            Some("OK") => "OK".into(),
            Some("KO") => self.text("codeErreur").expect("a KO has its code"),
            other => panic!("neither OK nor KO: {other:?} in {}", self.body),
        }
    }

    /// `libelleErreur`
    pub fn libelle(&self) -> String {
        self.text("libelleErreur").unwrap_or_default()
    }

    #[track_caller]
    pub fn assert(&self, outcome: &str) -> &Self {
        assert_eq!(self.outcome(), outcome, "{}", self.body);
        self
    }

    /// The code is this one, and its label says so.
    #[track_caller]
    pub fn assert_ko(&self, code: &str, said: &str) -> &Self {
        self.assert(code);
        let libelle = self.libelle();
        assert!(libelle.contains(said), "{said:?} is not in {libelle:?}");
        assert!(libelle.chars().count() <= 255, "{libelle}");
        self
    }
}
