//! Holds what must be true of people: no session without consent, nobody's name anywhere once erased.
//! Never looks at one table alone: the bytes of the card are searched.

use std::fs;

use vigie_core::audit::{Kind, Object};
use vigie_core::kiosk::desk::Refusal;
use vigie_core::kiosk::session::State;

use super::super::{BadPhoto, Fault, NoPhoto, Order, PersonDraft, Seat};
use super::*;

/// Whether some bytes are in any file of a folder.
fn holds(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().map(Result::unwrap).any(|entry| {
        if entry.file_type().unwrap().is_dir() {
            return holds(&entry.path(), wanted);
        }
        fs::read(entry.path()).unwrap().windows(wanted.len()).any(|part| part == wanted)
    })
}

fn picture(side: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn who_is_erased_leaves_nothing_readable_and_the_journal_verifies() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let id = bench.person("CARD-4711").await;
        bench.kiosk.put_photo(STAFF, id, picture(900)).await.unwrap();
        let kept = bench.kiosk.photo(id).await.unwrap().unwrap();
        let seen = image::load_from_memory(&kept).unwrap();
        assert_eq!((seen.width(), seen.height()), (512, 512));
        let issued = bench.call(move |room| room.issue(STAFF, &Order { person: Some(id), ..hour() })).await.unwrap();
        let code = issued.code.expose().to_owned();
        let opened = bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, 1)).await.unwrap();
        assert_eq!(opened.person.as_deref(), Some("Quirin Zwetschgenbaum"));
        let keys = fs::read(bench.folder.join("people.keys")).unwrap();
        let key: [u8; 32] = keys[4..36].try_into().unwrap();
        assert!(bench.folder.join("photos").join(format!("{}.photo", id.0)).exists());
        for word in [&b"Zwetschgenbaum"[..], b"Quirin", b"CARD-4711"] {
            assert!(!holds(&bench.folder, word), "sealed from the start");
        }
        assert!(holds(&bench.folder, &key));
        let subject = bench.call(move |room| room.person(id).unwrap().subject).await;
        bench.call(move |room| room.revoke_consent(STAFF, id)).await.unwrap();
        assert!(!holds(&bench.folder, &key), "without the key what is left of the row is noise");
        assert!(!bench.folder.join("photos").join(format!("{}.photo", id.0)).exists());
        assert!(bench.call(move |room| room.person(id).is_none()).await);
        let state = bench.call(move |room| room.session(opened.session).unwrap().state).await;
        assert_eq!(state, State::Ended);
        let entries = bench.entries().await;
        let about: Vec<Kind> = entries
            .iter()
            .filter(|entry| entry.what.object == Object::Person(subject))
            .filter_map(|entry| Kind::of_code(entry.what.kind))
            .collect();
        assert_eq!(about, [Kind::PersonCreated, Kind::ConsentGiven, Kind::PersonUpdated, Kind::ConsentRevoked]);
        assert!(bench.journal.verify().await.report.is_good());
        // The number is never given to somebody else, nor is the erased one back after a restart.
        let copy = cut(&bench.folder);
        let bench = Bench::open(copy.path(), clock()).await;
        assert!(bench.call(move |room| room.person(id).is_none()).await);
        assert_ne!(bench.person("CARD-4711").await, id);
    })
    .await;
}

#[tokio::test]
async fn no_session_without_consent_nor_beyond_the_day() {
    with_bench(async |bench| {
        let seat = bench.station(1).await;
        let form = PersonDraft { family_name: "Noyer".into(), ..PersonDraft::default() };
        let shy = bench.call(move |room| room.add_person(STAFF, &form)).await.unwrap();
        let order = move |person| Order { person: Some(person), ..hour() };
        let answer = bench.call(move |room| room.issue(STAFF, &order(shy)).map(|_| ())).await;
        assert_eq!(answer, Err(Fault::NoConsent));
        let id = bench.person("1").await;
        for question in 0..3 {
            let issued = bench.call(move |room| room.issue(STAFF, &order(id))).await.unwrap();
            let code = issued.code.expose().to_owned();
            bench.call(move |room| room.redeem(Seat::by_staff(seat), &code, question)).await.unwrap();
            let allowed = bench.call(move |room| room.allowance(id, None)).await.unwrap();
            assert_eq!(allowed.refused, Some(Fault::Desk(Refusal::Elsewhere(seat))));
            bench.pass(Duration::from_secs(3_600)).await;
            // The workstation is restarted: nothing is left there.
            bench.beat(seat, 10 + question as u8, None).await;
        }
        let allowed = bench.call(move |room| room.allowance(id, None)).await.unwrap();
        assert_eq!(allowed.refused, Some(Fault::Desk(Refusal::QuotaUsed)));
        let answer = bench.call(move |room| room.issue(STAFF, &order(id)).map(|_| ())).await;
        assert_eq!(answer, Err(Fault::Desk(Refusal::QuotaUsed)));
        bench.pass(Duration::from_secs(24 * 3_600)).await;
        let allowed = bench.call(move |room| room.allowance(id, None)).await.unwrap();
        assert_eq!((allowed.refused, allowed.sessions_left), (None, 3), "another day");
    })
    .await;
}

#[tokio::test]
async fn a_form_is_checked_and_a_card_is_one_persons() {
    with_bench(async |bench| {
        bench.person("77").await;
        let good = PersonDraft { family_name: "Aubépine".into(), ..PersonDraft::default() };
        let bad = [
            (PersonDraft { card_number: "77".into(), ..good.clone() }, Fault::CardTaken),
            (PersonDraft { email: "a@b".into(), ..good.clone() }, Fault::malformed("email")),
            (PersonDraft { phone: "call me".into(), ..good.clone() }, Fault::malformed("phone")),
            (PersonDraft { birth_date: "2027-02-30".into(), ..good.clone() }, Fault::malformed("birth_date")),
            (PersonDraft { given_name: "a\u{7}b".into(), ..good.clone() }, Fault::malformed("given_name")),
        ];
        for (form, fault) in bad {
            assert_eq!(bench.call(move |room| room.add_person(STAFF, &form)).await, Err(fault));
        }
        for form in [PersonDraft::default(), PersonDraft { notes: "n".repeat(513), ..good.clone() }] {
            assert!(matches!(bench.call(move |room| room.add_person(STAFF, &form)).await, Err(Fault::Field(_))));
        }
        bench.call(move |room| room.add_person(STAFF, &good)).await.unwrap();
        let found = |query: &'static str| {
            bench.call(move |room| room.find_people(query).iter().map(|person| person.id).collect::<Vec<_>>())
        };
        assert_eq!(found("AUBÉ").await, [2]);
        assert_eq!(found("quirin zwetsch").await, [1]);
        assert_eq!(found("77").await, [1]);
        assert_eq!(found("").await, [2, 1], "everybody, by name");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_photo_is_refused_whatever_it_is_called() {
    with_bench(async |bench| {
        let id = bench.person("1").await;
        let mut bomb = picture(8);
        // The size in the header of a PNG: 30,000 by 30,000.
        bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        let crc = crc32fast::hash(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let mut cut_short = picture(64);
        cut_short.truncate(100);
        let cases = [
            (b"GIF89a".to_vec(), BadPhoto::NotAPhoto),
            (vec![0xff; 5 * 1024 * 1024], BadPhoto::NotAPhoto),
            (vec![0xff; 5 * 1024 * 1024 + 1], BadPhoto::TooLarge),
            (bomb, BadPhoto::TooManyPixels),
            (cut_short, BadPhoto::NotAPhoto),
            (Vec::new(), BadPhoto::NotAPhoto),
        ];
        for (bytes, why) in cases {
            assert_eq!(bench.kiosk.put_photo(STAFF, id, bytes).await, Err(NoPhoto::Bad(why)));
        }
        assert_eq!(bench.kiosk.photo(id).await, Ok(None));
        bench.kiosk.put_photo(STAFF, id, picture(16)).await.unwrap();
        assert!(bench.kiosk.remove_photo(STAFF, id).await.unwrap());
        assert_eq!(bench.kiosk.photo(id).await, Ok(None));
        assert!(!bench.kiosk.remove_photo(STAFF, id).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn nobody_is_born_tomorrow_as_the_site_counts() {
    with_bench(async |bench| {
        let today = bench.call(|room| room.date().unwrap()).await;
        let born = |date: jiff::civil::Date| PersonDraft {
            family_name: "Zwetschgenbaum".into(),
            birth_date: date.to_string(),
            ..PersonDraft::default()
        };
        let tomorrow = born(today.tomorrow().unwrap());
        let refused = bench.call(move |room| room.add_person(STAFF, &tomorrow)).await;
        assert_eq!(refused, Err(Fault::out_of_range("birth_date")));
        assert!(bench.call(move |room| room.add_person(STAFF, &born(today))).await.is_ok());
    })
    .await;
}
