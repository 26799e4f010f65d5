use super::*;

fn key() -> SecretKey {
    SecretKey::from_seed([0xab; 32], "li.wei".parse().unwrap())
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

fn encrypted() -> Zeroizing<String> {
    key()
        .to_encrypted_file(&passphrase("correct horse"), [7; 32], Cost::FOR_TESTS)
        .unwrap()
}

fn refusal(text: &str, typed: &str) -> String {
    let unlocked = LockedKey::parse(text).and_then(|key| key.unlock(Some(&passphrase(typed))));
    unlocked.unwrap_err().to_string()
}

const DAMAGED: &str =
    "the secret key file is damaged or cut off: no whole PEM block of a PKCS#8 private key";

#[test]
fn a_key_comes_back_from_its_file_with_the_passphrase_alone() {
    let text = encrypted();
    let locked = LockedKey::parse(&text).unwrap();
    assert_eq!(locked.person().to_string(), "li.wei");
    assert_eq!(locked.id(), key().public_key().id());
    assert!(locked.is_encrypted());
    let again = locked.unlock(Some(&passphrase("correct horse"))).unwrap();
    assert_eq!(again.sign(b"x").unwrap(), key().sign(b"x").unwrap());
    let refused = locked.unlock(None).unwrap_err().to_string();
    assert_eq!(refused, "the secret key is protected by a passphrase");
    assert_eq!(refusal(&text, "correct horsf"), "wrong passphrase");
}

#[test]
fn an_open_key_needs_no_passphrase() {
    let locked = LockedKey::parse(&key().to_open_file()).unwrap();
    assert!(!locked.is_encrypted());
    let again = locked.unlock(None).unwrap();
    assert_eq!(again.public_key(), key().public_key());
}

#[test]
fn the_strong_cost_unlocks_and_is_what_the_file_says() {
    let text = key()
        .to_encrypted_file(&passphrase("correct horse"), [7; 32], Cost::STRONG)
        .unwrap();
    let locked = LockedKey::parse(&text).unwrap();
    let info = EncryptedPrivateKeyInfoRef::try_from(locked.document.as_bytes()).unwrap();
    let scheme = info.encryption_algorithm.pbes2().unwrap();
    let scrypt = scheme.kdf.scrypt().unwrap();
    let found = (
        scrypt.cost_parameter,
        scrypt.block_size,
        scrypt.parallelization,
    );
    assert_eq!(found, (16_384, 8, 8));
    locked.unlock(Some(&passphrase("correct horse"))).unwrap();
}

#[test]
fn nothing_of_the_secret_stands_in_an_encrypted_file() {
    let open = key().to_open_file();
    let secret = SecretDocument::from_pem(&open).unwrap().1;
    let text = encrypted();
    let file = SecretDocument::from_pem(&text).unwrap().1;
    let contains = |bytes: &[u8]| bytes.windows(8).any(|window| window == [0xab; 8]);
    assert!(contains(secret.as_bytes()));
    assert!(!contains(file.as_bytes()));
    assert!(!format!("{:?}", LockedKey::parse(&open).unwrap()).contains("abab"));
}

#[test]
fn every_truncation_of_a_file_is_refused() {
    let text = encrypted();
    for end in 0..text.trim_end().len() {
        let refused = refusal(&text[..end], "correct horse");
        let expected = [
            DAMAGED,
            "not a secret key file, expected the line `rulepack key of PERSON`, then `id KEY`",
        ];
        assert!(expected.contains(&refused.as_str()), "{end}: {refused}");
    }
}

#[test]
fn every_changed_byte_of_a_file_is_refused_but_for_the_label() {
    let text = encrypted();
    let first_line = text.find('\n').unwrap();
    for at in 0..text.trim_end().len() {
        for byte in [b'A', b'0', b'\n'] {
            let mut changed = text.as_bytes().to_vec();
            if std::mem::replace(&mut changed[at], byte) == byte {
                continue;
            }
            let changed = String::from_utf8(changed).unwrap();
            let result = LockedKey::parse(&changed)
                .and_then(|key| key.unlock(Some(&passphrase("correct horse"))));
            match result {
                // Another name of the holder: it is the same key, and roles name it by its id.
                Ok(found) if at < first_line => {
                    assert_eq!(found.public_key().id(), key().public_key().id());
                }
                Ok(_) => panic!("byte {at} became {byte}"),
                Err(_) => {}
            }
        }
    }
}

#[test]
fn foreign_keys_are_told_apart() {
    let text = encrypted();
    let id = key().public_key().id().to_string();
    let other = "0".repeat(64);
    assert_eq!(
        refusal(&text.replace(&id, &other), "correct horse"),
        "the secret key in the file is not the one of its `id` line"
    );
    // PKCS#8 of an X25519 key: the same form with another algorithm.
    let open = key().to_open_file();
    let mut der = SecretDocument::from_pem(&open)
        .unwrap()
        .1
        .to_bytes()
        .to_vec();
    let at = der.windows(3).position(|bytes| bytes == [0x2b, 0x65, 0x70]);
    der[at.unwrap() + 2] = 0x6e;
    let document = SecretDocument::try_from(der).unwrap();
    let foreign = key().file(&document, OPEN).unwrap();
    assert_eq!(
        refusal(&foreign, "correct horse"),
        "the secret key is of algorithm `1.3.101.110`, expected Ed25519 (`1.3.101.112`)"
    );
    let public = open.replace("PRIVATE KEY", "PUBLIC KEY");
    assert_eq!(refusal(&public, "correct horse"), DAMAGED);
}

#[test]
fn a_file_cannot_ask_for_more_memory_than_a_key_needs() {
    let costly = |cost_parameter, block_size, parallelization| {
        let parameters = Parameters {
            kdf: Kdf::Scrypt(ScryptParams {
                salt: Salt::new([1; 16]).unwrap(),
                cost_parameter,
                block_size,
                parallelization,
                key_length: None,
            }),
            encryption: EncryptionScheme::Aes256Cbc { iv: [1; 16] },
        };
        let info = pkcs8::EncryptedPrivateKeyInfoOwned {
            encryption_algorithm: Scheme::Pbes2(parameters),
            encrypted_data: pkcs8::der::asn1::OctetString::new([0; 48]).unwrap(),
        };
        let document = SecretDocument::try_from(info).unwrap();
        refusal(&key().file(&document, ENCRYPTED).unwrap(), "correct horse")
    };
    let refused = "unlocking the secret key would cost more than is accepted";
    assert_eq!(costly(1 << 18, 8, 1), refused);
    assert_eq!(costly(1 << 14, 9, 1), refused);
    assert_eq!(costly(1 << 14, 8, 17), refused);
}
