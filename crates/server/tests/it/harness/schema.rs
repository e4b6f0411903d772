//! Every answer is held against the published schema.

use std::{
    io::Write,
    process::{Command, Stdio},
};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wsdl/eReprov.xsd");

/// Validates the answer of a method. A fault, which is SOAP's, is not looked at, nor what does not
/// come from the service.
pub fn validate(status: u16, envelope: &str) {
    if envelope.contains("<S:Fault>") || !envelope.contains("<S:Envelope") {
        return;
    }
    assert!(matches!(status, 200 | 401), "an answer with status {status}: {envelope}");
    let from = envelope.find("<ns2:").expect("an answer is a method's");
    let to = envelope.find("</S:Body>").expect("a body has its end");
    let mut xmllint = Command::new("xmllint")
        .args(["--noout", "--schema", SCHEMA, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is installed (scripts/test does it)");
    let mut input = xmllint.stdin.take().unwrap();
    input.write_all(&envelope.as_bytes()[from..to]).unwrap();
    drop(input);
    let output = xmllint.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "not valid: {said}\n{envelope}");
}
