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
