//! The frame of a page: its style, its one script, and the policy that lets no other run.
//!
//! Every text that comes from data, packs or files is escaped. Were one not, it would still do nothing: the
//! page's policy lets only the script run whose digest it names, and nothing be fetched.

use rulepack_host::html::{document, escape};
use rulepack_protocol::digest::Digest;

use super::Language;

const STYLE: &str = include_str!("frame/style.css");
/// Sorts a table by the column whose heading is clicked. A page is whole without it.
const SCRIPT: &str = include_str!("frame/sort.js");

/// A page with this title, which is escaped, and body, which is taken as it is.
pub(crate) fn frame(title: &str, body: &str, language: Language) -> String {
    let digest = base64(Digest::of(SCRIPT.as_bytes()).as_bytes());
    let head = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">\
         <style>{STYLE}</style>"
    );
    let body = format!("{body}<script>{SCRIPT}</script>");
    document(language.tag(), title, &head, &body)
}

/// What kind of page it is, whose, and of which days; all escaped.
pub(crate) fn title_band(kind: &str, subject: &str, when: &str) -> String {
    let [kind, subject, when] = [kind, subject, when].map(escape);
    format!(
        "<header><p class=\"kind\">{kind}</p><h1>{subject}</h1><p class=\"when\">{when}</p></header>"
    )
}

/// As a policy writes a digest.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize % LETTERS.len()];
            text.push(if at <= three.len() {
                letter.into()
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_lets_its_own_script_run_and_fetches_nothing() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        let page = frame("t", "", Language::Chinese);
        let digest = base64(Digest::of(SCRIPT.as_bytes()).as_bytes());
        assert!(
            page.contains(&format!("script-src 'sha256-{digest}'")),
            "{page}"
        );
        assert!(page.contains("default-src 'none'"));
        for outside in ["http://", "https://", "src=", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
