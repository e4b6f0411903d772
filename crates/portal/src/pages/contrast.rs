//! The style sheet's colours, held against WCAG 2: letters on what they stand on, in every theme.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../assets/portail.css");

fn luminance(colour: &str) -> f64 {
    let digits = colour.trim_start_matches('#');
    let whole: String = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_owned(),
    };
    let channel = |at: usize| {
        let share = f64::from(u8::from_str_radix(&whole[at..at + 2], 16).unwrap()) / 255.0;
        if share <= 0.03928 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn ratio(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The colours that a rule sets, by their names.
fn theme(selector: &str) -> BTreeMap<&'static str, &'static str> {
    let rule = STYLE.split(selector).nth(1).unwrap_or_else(|| panic!("no {selector}"));
    let body = rule.split('}').next().unwrap();
    let pairs = body.trim_start_matches('{').split(';').filter_map(|pair| pair.split_once(':'));
    pairs.map(|(name, value)| (name.trim_start_matches("--"), value)).collect()
}

/// Letters, what they stand on, and whether they are letters: borders need 3 to 1.
const PAIRS: [(&str, &str, bool); 18] = [
    ("texte", "fond", true),
    ("texte", "carte", true),
    ("doux", "fond", true),
    ("doux", "carte", true),
    ("lien", "fond", true),
    ("sur-action", "action", true),
    ("bon", "bon-fond", true),
    ("mauvais", "mauvais-fond", true),
    ("mauvais", "fond", true),
    ("attente", "attente-fond", true),
    ("bon", "carte", true),
    ("mauvais", "carte", true),
    ("attente", "carte", true),
    ("trait", "fond", false),
    ("trait", "carte", false),
    ("action", "fond", false),
    ("focus-bord", "focus", false),
    ("texte", "mauvais-fond", true),
];

#[test]
fn every_theme_can_be_read_and_full_sun_better() {
    for (selector, letters) in [
        ("\n:root[data-theme=soleil]{", 7.0),
        ("\n:root[data-theme=sombre]{", 4.5),
        ("prefers-color-scheme:dark){:root{", 4.5),
        (":root{--fond:#fff", 4.5),
    ] {
        let mut colours = theme(selector);
        colours.entry("fond").or_insert("#fff");
        for (over, under, is_letters) in PAIRS {
            let found = ratio(colours[over], colours[under]);
            let least = if is_letters { letters } else { 3.0 };
            assert!(found >= least, "{selector}: {over} on {under} is {found:.2}");
        }
    }
}

#[test]
fn every_chip_can_be_read() {
    let mut chips = 0;
    let rules = STYLE.split(".c-").skip(1).filter_map(|rule| rule.split('}').next());
    for rule in rules.filter(|rule| rule.contains("{background:#")) {
        let colours: Vec<_> = rule.split("color:").collect();
        let under = rule.split("background:").nth(1).unwrap().split(';').next().unwrap();
        let found = ratio(colours[1], under);
        assert!(found >= 4.5, "{rule}: {found:.2}");
        chips += 1;
    }
    assert_eq!(chips, 12);
}
