//! The rules of the house that no other tool checks. They are a test, too.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{root, say};

/// Lines of a source file at the most.
const FILE_LINES_MAX: usize = 400;

/// Says everything that breaks a rule.
pub fn run() -> ExitCode {
    match untidy(&root()) {
        Ok(found) if found.is_empty() => ExitCode::SUCCESS,
        Ok(found) => {
            for line in &found {
                say(line);
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Everything that breaks a rule: file, line, rule.
fn untidy(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "fuzz/src", "fuzz/fuzz_targets"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path)?;
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!("{name}: {lines} lines, {FILE_LINES_MAX} at the most"));
        }
        for (number, line) in text.lines().enumerate() {
            let broken = RULES.iter().filter(|rule| rule.breaks(&name, line));
            found.extend(broken.map(|rule| format!("{name}:{}: {}", number + 1, rule.says)));
        }
    }
    found.extend(pins(root)?);
    Ok(found)
}

/// The toolchain is pinned in two places, which must be one: the other workspace is built by the same.
fn pins(root: &Path) -> io::Result<Option<String>> {
    let mut pinned = Vec::new();
    for file in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let text = fs::read_to_string(root.join(file))?;
        let pin = text.lines().find(|line| line.starts_with("rust-version = "));
        pinned.push(pin.unwrap_or_default().to_owned());
    }
    let whole = pinned[0].split('.').count() == 3;
    let one = pinned[0] == pinned[1] && whole;
    Ok((!one).then(|| format!("fuzz/Cargo.toml: one whole rust-version, not {pinned:?}")))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Words that stand only in some places.
struct Rule {
    says: &'static str,
    words: &'static [&'static str],
    /// Where the rule holds.
    within: &'static [&'static str],
    /// Where it does not.
    except: &'static [&'static str],
}

impl Rule {
    fn breaks(&self, file: &str, line: &str) -> bool {
        let code = line.trim_start();
        self.within.iter().any(|place| file.starts_with(place))
            && !self.except.iter().any(|place| file.contains(place))
            && !code.starts_with("//")
            && self.words.iter().any(|word| code.contains(word))
    }
}

const RULES: &[Rule] = &[
    Rule {
        says: "SQL stands in store/ only",
        words: &["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE", "UPDATE fibre"],
        within: &["crates/server/src"],
        except: &["/store/"],
    },
    Rule {
        says: "SQL stands in the portal's store/ only",
        words: &["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE"],
        within: &["crates/portal/src"],
        except: &["/store/"],
    },
    Rule {
        says: "only soap/answer.rs picks a code",
        words: &["CodeErreur::"],
        within: &["crates/server/src"],
        except: &["/soap/answer.rs"],
    },
    Rule {
        says: "domain does no I/O and knows no clock, database or code",
        words: &["std::fs", "std::net", "std::time", "std::env", "tokio", "rusqlite", "20015"],
        within: &["crates/domain/src"],
        except: &[],
    },
    Rule {
        says: "wire knows no rule, and the domain knows no wire",
        words: &["ereprov_domain", "ereprov_wire"],
        within: &["crates/wire/src", "crates/domain/src"],
        except: &[],
    },
    Rule {
        says: "the wire's French crosses into English in soap/ only",
        words: &["motif::Motif", "etat::", "get_ro_site::{", "put_reprovisionning::{"],
        within: &["crates/server/src"],
        except: &["/soap/"],
    },
    Rule {
        says: "one place asks the machine for the time, one for chance",
        words: &["SystemTime", "Timestamp::now", "getrandom::"],
        within: &["crates/"],
        except: &["/clock.rs", "/tests/"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let found = untidy(&root()).unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn each_rule_can_be_broken() {
        for rule in RULES {
            let file = format!("{}/some.rs", rule.within[0]);
            assert!(
                rule.breaks(&file, &format!("    let x = {};", rule.words[0])),
                "{}",
                rule.says
            );
            assert!(!rule.breaks(&file, &format!("    // {}", rule.words[0])), "{}", rule.says);
        }
    }
}
