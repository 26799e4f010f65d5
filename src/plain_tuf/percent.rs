//! Names of foreign repositories, which may hold any character, as file names and in addresses.

/// One file name: all but letters, digits and `-._~` is percent-encoded, as the Python reference client
/// does. `None` where that names a folder (`.`, `..`) or nothing.
pub fn file_name(name: &str) -> Option<String> {
    let encoded = encode(name, |_| false);
    let is_file = !matches!(encoded.as_str(), "" | "." | "..");
    is_file.then_some(encoded)
}

/// A path in an address: `/` and whatever else a path may hold stay as they are (RFC 3986, `pchar`).
pub fn url_path(path: &str) -> String {
    encode(path, |byte| b"/!$&'()*+,;=:@".contains(&byte))
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || stays(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_folder_and_no_two_share_a_file() {
        let names = ["a/b", "a%2Fb", "../a", "/a", "a b", "药", "A", "a"];
        let files: Vec<String> = names.iter().filter_map(|name| file_name(name)).collect();
        let expected = [
            "a%2Fb",
            "a%252Fb",
            "..%2Fa",
            "%2Fa",
            "a%20b",
            "%E8%8D%AF",
            "A",
            "a",
        ];
        assert_eq!(files, expected);
        assert_eq!(["", ".", ".."].map(file_name), [None, None, None]);
    }

    #[test]
    fn a_path_in_an_address_keeps_its_folders_and_starts_no_query() {
        assert_eq!(url_path("37/a b/1.0.0+x.wasm"), "37/a%20b/1.0.0+x.wasm");
        assert_eq!(url_path("a?b#c"), "a%3Fb%23c");
    }
}
