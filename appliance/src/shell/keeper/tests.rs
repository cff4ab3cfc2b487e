//! Holds the proofs that what the keeper answers is on the card, and that history pages through.

use super::*;

fn now_ms() -> u64 {
    vigie_sys::clock::boot_us() / 1_000
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (keeper, stored) = Keeper::open(&path, now_ms).unwrap();
    assert!(stored.is_empty());
    keeper.put_now(SETTINGS, b"network", b"one".to_vec()).await.unwrap();
    keeper.put_now(SETTINGS, b"network", b"two".to_vec()).await.unwrap();
    keeper.put_now(SETTINGS, b"network", b"two".to_vec()).await.unwrap();
    keeper.delete_now(SETTINGS, b"nothing").await.unwrap();
    keeper.put_now(ACCOUNT, &7u32.to_be_bytes(), b"admin".to_vec()).await.unwrap();
    keeper.delete_now(ACCOUNT, &7u32.to_be_bytes()).await.unwrap();
    keeper.stop().await;
    let (_keeper, stored) = Keeper::open(&path, now_ms).unwrap();
    assert_eq!(stored.iter().map(|stored| stored.value.as_slice()).collect::<Vec<_>>(), [b"two"]);
}

#[tokio::test]
async fn rows_and_what_links_are_on_the_card_together() {
    struct Numbered(u32);
    impl Linked for Numbered {
        fn compose(&mut self) -> Vec<u8> {
            self.0.to_be_bytes().to_vec()
        }

        fn taken(&mut self, value: &[u8]) -> (Kind, Vec<u8>, Vec<u8>) {
            (AUDIT_SEAL, b"seal".to_vec(), value.to_vec())
        }

        fn refused(&mut self) {
            panic!("refused");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (keeper, _) = Keeper::open(&path, now_ms).unwrap();
    let rows = |from: u32, many: u32| -> Vec<Change> {
        let row = |n: u32| Change { kind: SETTINGS, key: n.to_be_bytes().to_vec(), value: Some(vec![7; 600]) };
        (from..from + many).map(row).collect()
    };
    let links = |from: u32, many: u32| -> Vec<(Kind, Box<dyn Linked>)> {
        (from..from + many).map(|n| -> (Kind, Box<dyn Linked>) { (AUDIT, Box::new(Numbered(n))) }).collect()
    };
    let flushes = || keeper.status().counters.flushes;
    for (from, many) in [(0, 40), (40, 60)] {
        // Something that waits already must not split what belongs together: 60 rows fit a batch alone only.
        keeper.put(ACCOUNT, b"waits", vec![from as u8; 3_000], Durability::Batch);
        let (done, answer) = oneshot::channel();
        keeper.together(rows(from, many), links(from, many), Durability::Now, done).unwrap();
        answer.await.unwrap().unwrap();
    }
    let before = flushes();
    // More than a batch is several, in order.
    let (done, answer) = oneshot::channel();
    keeper.together(rows(100, 400), links(100, 400), Durability::Now, done).unwrap();
    answer.await.unwrap().unwrap();
    keeper.stop().await;
    assert!(flushes() - before >= 4);
    let (_keeper, stored) = Keeper::open(&path, now_ms).unwrap();
    assert_eq!(stored.iter().filter(|row| row.kind == SETTINGS.id).count(), 500);
    let numbers: Vec<&[u8]> =
        stored.iter().filter(|row| row.kind == AUDIT.id).map(|row| row.value.as_slice()).collect();
    assert_eq!(numbers.len(), 500);
    let seal = stored.iter().find(|row| row.kind == AUDIT_SEAL.id).unwrap();
    assert_eq!(seal.value, 499_u32.to_be_bytes());
}

#[tokio::test]
async fn a_second_instance_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (_keeper, _) = Keeper::open(&path, now_ms).unwrap();
    assert!(matches!(Keeper::open(&path, now_ms), Err(Error::Locked { .. })));
}

#[tokio::test]
async fn history_is_searched_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, _) = Keeper::open(&folder.path().join("log"), now_ms).unwrap();
    for number in 0..2_000u32 {
        keeper.append(CHANGE, number.to_be_bytes().to_vec(), Durability::Batch);
    }
    let wanted = |event: &Event| event.value.ends_with(&[0]);
    let found = keeper.newest(CHANGE, u64::MAX, 5, wanted).await;
    let numbers: Vec<&[u8]> = found.iter().map(|event| event.value.as_slice()).collect();
    assert_eq!(numbers, [[0, 0, 7, 0], [0, 0, 6, 0], [0, 0, 5, 0], [0, 0, 4, 0], [0, 0, 3, 0]]);
    let older = keeper.newest(CHANGE, found.last().unwrap().sequence, 50, wanted).await;
    assert_eq!(older.len(), 3, "256, 512 and 0 are left: {older:?}");
}
