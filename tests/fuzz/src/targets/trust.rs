//! What an organisation has signed, and what names servers, cases, invitations and keys.

use std::str::FromStr;

use aldis_trust::organisation::{RevocationList, read_revoked};
use aldis_trust::{
    CaseLink, Fingerprint, Invitation, Known, ServerName, Signature, SignerKey, key_hash, verify,
};
use aldis_wire::Code;
use aldis_wire::signal::{Credential, Distrust, Revoked};
use anyhow::{Context as _, Result};
use ring::signature::Ed25519KeyPair;
use rustls::pki_types::CertificateDer;

use super::Target;

const NOW: u64 = 1_800_000_000_000;
const EVA: [u8; 32] = [0xe; 32];

/// What stands before each statement when it is signed, in the order of a credential's parts.
const PURPOSES: [&[u8]; 4] = [
    b"aldis signer 1\0",
    b"aldis supporter 1\0",
    b"aldis signer 1\0",
    b"aldis revoked 1\0",
];

/// Bytes of a signature.
const SIGNATURE: usize = 64;

pub(super) fn all() -> Result<Vec<Target>> {
    Ok(vec![unsigned()?, signed()?, names(), certificate()?])
}

/// Eva's chain, whose parts are signed by root, signer, root and signer.
fn credential() -> Result<Credential> {
    let root = Signature::from_seed([1; 32]).context("a root")?;
    let signer = Signature::from_seed([2; 32]).context("a signer")?;
    let statement = root.appoint("Guild", signer.public(), "Olga", NOW)?;
    let list = RevocationList {
        number: 5,
        at: NOW,
        keys: vec![[7; 32]],
        signers: vec![[8; 32]],
    };
    Ok(Credential {
        root: root.public().0,
        signer: statement.clone(),
        certificate: signer.certify(EVA, "eva", b"picture", NOW)?,
        revoked: Revoked {
            signer: statement,
            list: signer.revoke(&list)?,
        },
    })
}

fn part(credential: &mut Credential, number: u8) -> &mut Vec<u8> {
    match number % 4 {
        0 => &mut credential.signer,
        1 => &mut credential.certificate,
        2 => &mut credential.revoked.signer,
        _ => &mut credential.revoked.list,
    }
}

fn judged(credential: &Credential) -> Result<(), Distrust> {
    let root = SignerKey(credential.root);
    let known = Known { root, list: 5 };
    drop(read_revoked(root, &credential.revoked, NOW));
    verify(
        Some(credential),
        EVA,
        ("eva", b"picture"),
        Some(&known),
        NOW,
    )
    .map(drop)
}

/// A part of the chain, behind the number that says which: whatever else than the right one it is,
/// it is not believed.
fn unsigned() -> Result<Target> {
    let right = credential()?;
    let seed = |number| [&[number][..], &part(&mut right.clone(), number)[..]].concat();
    let seeds: Vec<Vec<u8>> = (0..4).map(seed).collect();
    Ok(Target::new("statements", seeds, move |bytes| {
        let Some((number, statement)) = bytes.split_first() else {
            return false;
        };
        let mut credential = right.clone();
        *part(&mut credential, *number) = statement.to_vec();
        let believed = judged(&credential).is_ok();
        assert_eq!(
            believed,
            credential == right,
            "only what was signed is believed"
        );
        believed
    }))
}

/// The same, signed as it is by whoever may: what is in a statement may be anything.
fn signed() -> Result<Target> {
    let right = credential()?;
    let keys = [[1_u8; 32], [2; 32]].map(|seed| Ed25519KeyPair::from_seed_unchecked(&seed));
    let [Ok(root), Ok(signer)] = keys else {
        anyhow::bail!("keys of seeds");
    };
    let seed = |number: u8| {
        let statement = part(&mut right.clone(), number).clone();
        let body = statement
            .get(..statement.len() - SIGNATURE)
            .unwrap_or_default();
        [&[number][..], body].concat()
    };
    let seeds = (0..4).map(seed).collect();
    Ok(Target::new("signed statements", seeds, move |bytes| {
        let Some((number, body)) = bytes.split_first() else {
            return false;
        };
        let purpose = PURPOSES[usize::from(number % 4)];
        let key = if number % 2 == 0 { &root } else { &signer };
        let signature = key.sign(&[purpose, body].concat());
        let mut credential = right.clone();
        *part(&mut credential, *number) = [body, signature.as_ref()].concat();
        judged(&credential) != Err(Distrust::Forged)
    }))
}

/// What people paste and click.
fn names() -> Target {
    let print = Fingerprint([0xa5; 32]);
    let secret = "a".repeat(52);
    let seeds = [
        format!("help.example.org:4747#{print}"),
        format!("[2001:db8::1]:4747#{print}.{print}"),
        format!("aldis://help.example.org:4747/s12-345-678#{print}"),
        format!("aldis-supporter://help.example.org:4747/join-{secret}#{print}.{print}"),
        "s12-345-678".to_owned(),
        print.to_string(),
    ];
    let seeds = seeds.into_iter().map(String::into_bytes).collect();
    Target::new("names", seeds, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let all = [
            comes_back::<ServerName>(&text),
            comes_back::<CaseLink>(&text),
            comes_back::<Invitation>(&text),
            comes_back::<Code>(&text),
            comes_back::<Fingerprint>(&text),
        ];
        all.contains(&true)
    })
}

/// Whether it is one; if so, it is written as it is read.
fn comes_back<T: FromStr + ToString + PartialEq>(text: &str) -> bool {
    let Ok(read) = text.parse::<T>() else {
        return false;
    };
    assert!(
        read.to_string().parse().is_ok_and(|again: T| again == read),
        "it is written as it is read"
    );
    true
}

/// The certificate that carries a peer's key.
fn certificate() -> Result<Target> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
    let made = rcgen::CertificateParams::new(["aldis".to_owned()])?.self_signed(&key)?;
    let seeds = vec![made.der().to_vec()];
    Ok(Target::new("certificates", seeds, |bytes| {
        key_hash(&CertificateDer::from(bytes)).is_ok()
    }))
}
