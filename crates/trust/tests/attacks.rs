//! What a server that was taken over could send in the place of a supporter's chain, and why none
//! of it is believed.

use aldis_trust::organisation::{
    CERTIFICATE_LIFE, DAY, LIST_LIFE, RevocationList, SIGNER_LIFE, verify,
};
use aldis_trust::{Known, Registrar, Signature, SignerKey};
use aldis_wire::signal::{Credential, Distrust, Issued, MAX_STATEMENT};

const NOW: u64 = 1_800_000_000_000;
const EVA: [u8; 32] = [0xe; 32];
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\neva";

/// An organisation with its keys.
struct Office {
    root: Signature,
    registrar: Registrar,
}

fn office(number: u8) -> Office {
    let root = Signature::from_seed([number; 32]).expect("a seed");
    let signer = Signature::from_seed([number | 0x80; 32]).expect("a seed");
    let registrar = Registrar::appointed(&root, signer, "Aldis Ltd", "Olga", NOW);
    Office {
        root,
        registrar: registrar.expect("a signer"),
    }
}

fn list(number: u64, at: u64) -> RevocationList {
    RevocationList {
        number,
        at,
        ..RevocationList::default()
    }
}

impl Office {
    fn credential(&self, certificate: Vec<u8>, list: &RevocationList) -> Credential {
        Credential {
            root: self.root.public().0,
            signer: self.registrar.statement().to_owned(),
            certificate,
            revoked: self.registrar.revoke(list).expect("a list"),
        }
    }

    /// Eva's, as it should be.
    fn eva(&self) -> Credential {
        let certificate = self.registrar.certify(EVA, "Eva", PICTURE, NOW);
        self.credential(certificate.expect("a certificate"), &list(5, NOW))
    }

    fn known(&self) -> Known {
        Known {
            root: self.root.public(),
            list: 5,
        }
    }
}

/// What the customer's app says of it.
fn judged(credential: &Credential, known: &Known, now: u64) -> Result<String, Distrust> {
    let about = ("Eva", PICTURE);
    verify(Some(credential), EVA, about, Some(known), now).map(|proven| proven.organisation)
}

#[test]
fn the_right_chain_is_believed_as_long_as_it_counts() {
    let office = office(1);
    let (eva, known) = (office.eva(), office.known());
    assert_eq!(judged(&eva, &known, NOW), Ok("Aldis Ltd".to_owned()));
    assert_eq!(
        judged(&eva, &known, NOW + LIST_LIFE),
        Ok("Aldis Ltd".to_owned())
    );
    assert_eq!(
        verify(None, EVA, ("Eva", PICTURE), None, NOW),
        Err(Distrust::NoCertificate)
    );
}

#[test]
fn keys_names_and_pictures_that_the_server_swaps_are_refused() {
    let office = office(1);
    let eva = office.eva();
    let known = office.known();
    let ask = |key, name, picture| verify(Some(&eva), key, (name, picture), Some(&known), NOW);
    assert!(ask(EVA, "Eva", PICTURE).is_ok());
    assert_eq!(ask([1; 32], "Eva", PICTURE), Err(Distrust::OtherKey));
    assert_eq!(ask(EVA, "Eve", PICTURE), Err(Distrust::OtherName));
    assert_eq!(ask(EVA, "Eva\u{200b}", PICTURE), Err(Distrust::OtherName));
    assert_eq!(ask(EVA, "Eva", b"other"), Err(Distrust::OtherPicture));
    assert_eq!(ask(EVA, "Eva", b""), Err(Distrust::OtherPicture));
}

#[test]
fn other_organisations_and_their_parts_are_refused() {
    let (ours, theirs) = (office(1), office(2));
    let known = ours.known();
    assert_eq!(
        judged(&theirs.eva(), &known, NOW),
        Err(Distrust::OtherOrganisation)
    );
    // The right root's name over the wrong root's parts, each alone and all together.
    let (good, bad) = (ours.eva(), theirs.eva());
    let mixed = [
        Credential {
            root: good.root,
            ..bad.clone()
        },
        Credential {
            signer: bad.signer.clone(),
            ..good.clone()
        },
        Credential {
            certificate: bad.certificate.clone(),
            ..good.clone()
        },
        Credential {
            revoked: bad.revoked,
            ..good
        },
    ];
    for credential in mixed {
        assert_eq!(judged(&credential, &known, NOW), Err(Distrust::Forged));
    }
}

#[test]
fn a_signer_that_nobody_has_appointed_is_refused() {
    let office = office(1);
    let rogue = Signature::from_seed([9; 32]).unwrap();
    // It appoints itself, and signs for Eva.
    let statement = rogue
        .appoint("Aldis Ltd", rogue.public(), "Olga", NOW)
        .unwrap();
    let credential = Credential {
        signer: statement,
        certificate: rogue.certify(EVA, "Eva", PICTURE, NOW).unwrap(),
        ..office.eva()
    };
    assert_eq!(
        judged(&credential, &office.known(), NOW),
        Err(Distrust::Forged)
    );
}

#[test]
fn a_statement_made_for_one_purpose_counts_for_no_other() {
    let office = office(1);
    let eva = office.eva();
    for wrong in [&eva.signer, &eva.revoked.list, &eva.certificate] {
        for place in 0..3 {
            let mut credential = eva.clone();
            let part = match place {
                0 => &mut credential.signer,
                1 => &mut credential.certificate,
                _ => &mut credential.revoked.list,
            };
            if part == wrong {
                continue;
            }
            part.clone_from(wrong);
            assert_eq!(
                judged(&credential, &office.known(), NOW),
                Err(Distrust::Forged)
            );
        }
    }
    // Not even where the root itself has signed it.
    let by_root = Credential {
        certificate: office.root.certify(EVA, "Eva", PICTURE, NOW).unwrap(),
        ..office.eva()
    };
    assert_eq!(
        judged(&by_root, &office.known(), NOW),
        Err(Distrust::Forged)
    );
}

#[test]
fn what_has_expired_or_is_not_valid_yet_is_refused() {
    let office = office(1);
    let (known, end) = (office.known(), NOW + CERTIFICATE_LIFE);
    let fresh = |credential: &Credential, at: u64| Credential {
        revoked: office.registrar.revoke(&list(6, at)).unwrap(),
        ..credential.clone()
    };
    let eva = office.eva();
    assert!(judged(&fresh(&eva, end - 1), &known, end - 1).is_ok());
    assert_eq!(
        judged(&fresh(&eva, end), &known, end),
        Err(Distrust::Expired)
    );
    assert_eq!(judged(&eva, &known, NOW - 2 * DAY), Err(Distrust::NotYet));
    // A certificate of today, by a signer whose year is over.
    let late = NOW + SIGNER_LIFE;
    let certificate = office.registrar.certify(EVA, "Eva", PICTURE, late).unwrap();
    let credential = office.credential(certificate, &list(6, late));
    assert_eq!(judged(&credential, &known, late), Err(Distrust::Expired));
}

#[test]
fn who_was_revoked_is_refused_whatever_else_is_right() {
    let office = office(1);
    let eva = office.eva();
    let revoked = |list: RevocationList| Credential {
        revoked: office.registrar.revoke(&list).unwrap(),
        ..eva.clone()
    };
    let of_key = RevocationList {
        keys: vec![EVA],
        ..list(6, NOW)
    };
    assert_eq!(
        judged(&revoked(of_key), &office.known(), NOW),
        Err(Distrust::Revoked)
    );
    let other = RevocationList {
        keys: vec![[1; 32]],
        ..list(6, NOW)
    };
    assert!(judged(&revoked(other), &office.known(), NOW).is_ok());
    // A signer that was revoked says so of itself in vain: another one must say it.
    let second = Signature::from_seed([77; 32]).unwrap();
    let second = Registrar::appointed(&office.root, second, "Aldis Ltd", "Tom", NOW).unwrap();
    let first = Signature::from_seed([0x81; 32]).unwrap().public();
    let of_signer = RevocationList {
        signers: vec![first.0],
        ..list(6, NOW)
    };
    let by_second = Credential {
        revoked: second.revoke(&of_signer).unwrap(),
        ..eva.clone()
    };
    assert_eq!(
        judged(&by_second, &office.known(), NOW),
        Err(Distrust::Revoked)
    );
    assert_eq!(
        judged(&revoked(of_signer), &office.known(), NOW),
        Err(Distrust::Revoked)
    );
}

#[test]
fn a_list_that_is_withheld_or_rolled_back_works_for_seven_days_at_most() {
    let office = office(1);
    let eva = office.eva();
    assert!(judged(&eva, &office.known(), NOW + LIST_LIFE).is_ok());
    assert_eq!(
        judged(&eva, &office.known(), NOW + LIST_LIFE + 1),
        Err(Distrust::OldList)
    );
    // Whoever has seen a newer one does not go back.
    let newer = Known {
        list: 6,
        ..office.known()
    };
    assert_eq!(judged(&eva, &newer, NOW), Err(Distrust::RolledBack));
    // A list from the future would never grow old.
    let future = Credential {
        revoked: office.registrar.revoke(&list(9, NOW + 2 * DAY)).unwrap(),
        ..eva
    };
    assert_eq!(judged(&future, &office.known(), NOW), Err(Distrust::NotYet));
}

#[test]
fn every_flipped_bit_and_every_cut_is_a_forgery() {
    let office = office(1);
    let eva = office.eva();
    let known = office.known();
    let parts: [fn(&mut Credential) -> &mut Vec<u8>; 4] = [
        |it| &mut it.signer,
        |it| &mut it.certificate,
        |it| &mut it.revoked.signer,
        |it| &mut it.revoked.list,
    ];
    for part in parts {
        let length = part(&mut eva.clone()).len();
        for bit in 0..length * 8 {
            let mut credential = eva.clone();
            part(&mut credential)[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(judged(&credential, &known, NOW), Err(Distrust::Forged));
        }
        for cut in 0..length {
            let mut credential = eva.clone();
            part(&mut credential).truncate(cut);
            assert_eq!(judged(&credential, &known, NOW), Err(Distrust::Forged));
        }
        let mut credential = eva.clone();
        part(&mut credential).resize(MAX_STATEMENT + 1, 0);
        assert_eq!(judged(&credential, &known, NOW), Err(Distrust::Forged));
    }
}

#[test]
fn an_admins_app_renews_only_what_it_has_vouched_for() {
    let office = office(1);
    let eva = office.eva();
    let revoked = list(5, NOW);
    let issued = |name: &str, picture: &[u8]| Issued {
        signer: eva.signer.clone(),
        certificate: eva.certificate.clone(),
        name: name.to_owned(),
        picture: picture.to_owned(),
    };
    let renew = |issued: &Issued, revoked: &RevocationList, now| {
        office
            .registrar
            .renewal(issued, revoked, now)
            .map(|(key, _)| key)
    };
    let due = NOW + 15 * DAY;
    assert_eq!(
        renew(&issued("Eva", PICTURE), &revoked, NOW),
        None,
        "not yet due"
    );
    assert_eq!(renew(&issued("Eva", PICTURE), &revoked, due), Some(EVA));
    assert_eq!(
        renew(&issued("Eve", PICTURE), &revoked, due),
        None,
        "another name"
    );
    assert_eq!(
        renew(&issued("Eva", b"other"), &revoked, due),
        None,
        "another picture"
    );
    assert_eq!(
        renew(&issued("Eva", PICTURE), &revoked, NOW + CERTIFICATE_LIFE),
        None,
        "expired"
    );
    let gone = RevocationList {
        keys: vec![EVA],
        ..list(6, NOW)
    };
    assert_eq!(renew(&issued("Eva", PICTURE), &gone, due), None, "revoked");
    // Another organisation's certificate, slipped in among ours.
    let theirs = self::office(2).eva();
    let slipped = Issued {
        certificate: theirs.certificate,
        signer: theirs.signer,
        ..issued("Eva", PICTURE)
    };
    assert_eq!(renew(&slipped, &revoked, due), None);
}

#[test]
fn a_list_that_the_server_takes_back_is_not_signed_anew_without_those_whom_it_named() {
    let Office { registrar, .. } = office(1);
    let old = registrar.revoke(&list(4, NOW)).unwrap();
    let known = RevocationList {
        keys: vec![EVA],
        ..list(5, NOW)
    };
    let later = NOW + 3 * DAY;
    let nothing: Option<&aldis_wire::signal::Revoked> = None;
    for shown in [Some(&old), nothing] {
        let all = registrar.all_revoked(shown, &known, later).unwrap();
        let due = registrar.list_due(shown, &all, later).unwrap();
        assert_eq!((due.number, due.at, &due.keys), (6, later, &known.keys));
        let more = all.with([1; 32], later);
        assert_eq!((more.number, more.keys), (6, vec![EVA, [1; 32]]));
    }
    // Two lists of one number are one list with all that both name.
    let other = RevocationList {
        keys: vec![[2; 32]],
        ..list(5, NOW)
    };
    let other = registrar.revoke(&other).unwrap();
    let all = registrar.all_revoked(Some(&other), &known, NOW).unwrap();
    let due = registrar.list_due(Some(&other), &all, NOW).unwrap();
    assert_eq!((due.number, due.keys), (6, vec![[2; 32], EVA]));
    // Where the server shows all that is known nothing is due until a day has gone.
    let same = registrar.revoke(&known).unwrap();
    assert_eq!(registrar.list_due(Some(&same), &known, NOW + DAY), None);
    assert!(
        registrar
            .list_due(Some(&same), &known, NOW + DAY + 1)
            .is_some()
    );
}

#[test]
fn a_key_is_written_like_a_fingerprint() {
    let key = SignerKey([0xab; 32]);
    assert_eq!(key.to_string().len(), 52);
    assert_eq!(key.to_string().parse(), Ok(key));
}
