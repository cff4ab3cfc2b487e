//! Holds the tests of the life of a connection: seats, patience, size, end.
//! It never waits for real time.
//! `cargo test` runs it.

use std::time::Duration;

use tokio::time::{Instant, advance, sleep};

use super::bench::{Bench, Client};
use crate::http::limits::Limits;

/// How long the server bears with a client, to the second.
async fn patience(client: &mut Client) -> u64 {
    let start = Instant::now();
    client.read_to_end().await;
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_cut_after_five_seconds() {
    let bench = Bench::new();
    let mut client = bench.connect();
    assert_eq!(patience(&mut client).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_dripping_head_is_cut_five_seconds_after_the_start() {
    let bench = Bench::new();
    let Client { pipe, .. } = bench.connect();
    let (mut read, mut write) = tokio::io::split(pipe);
    let start = Instant::now();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        for byte in b"GET /healthz HTTP/1.1\r\nHost: vigie.local\r\nX-Slow: ".iter().chain([b'x'; 10_000].iter()) {
            sleep(Duration::from_millis(400)).await;
            if write.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    });
    let mut nothing = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut nothing).await;
    assert_eq!(start.elapsed().as_secs(), 5, "{}", String::from_utf8_lossy(&nothing));
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_may_idle_fifteen_seconds_and_then_has_five_for_a_head() {
    let bench = Bench::new();
    let mut client = bench.connect();
    assert_eq!(client.get("/healthz").await.status, 200);
    sleep(Duration::from_secs(14)).await;
    assert_eq!(client.get("/healthz").await.status, 200);
    assert_eq!(patience(&mut client).await, 15);

    let mut client = bench.connect();
    assert_eq!(client.get("/healthz").await.status, 200);
    sleep(Duration::from_secs(10)).await;
    client.write("GET /hea").await;
    assert_eq!(patience(&mut client).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_is_answered_408_after_ten_seconds() {
    let bench = Bench::new();
    let mut client = bench.connect();
    let head = "POST /test/echo HTTP/1.1\r\nHost: vigie.local\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    client.write(head).await;
    let start = Instant::now();
    let answer = client.read_answer(false).await.unwrap();
    assert_eq!((answer.status, answer.code().as_str(), start.elapsed().as_secs()), (408, "too_slow", 10));
    client.read_to_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_after_fifteen_seconds() {
    let bench = Bench::new();
    let mut client = bench.connect();
    client.write("GET /test/big HTTP/1.1\r\nHost: vigie.local\r\n\r\n").await;
    let start = Instant::now();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(bench.platform.budget.taken().0, 1);
    while bench.platform.budget.taken().0 > 0 {
        sleep(Duration::from_secs(1)).await;
    }
    assert!((15..=17).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(client.read_to_end().await.len() < 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_trickle_of_reading_does_not_keep_a_connection() {
    use tokio::io::AsyncReadExt;
    let bench = Bench::new();
    let mut client = bench.connect();
    client.write("GET /test/big HTTP/1.1\r\nHost: vigie.local\r\n\r\n").await;
    let start = Instant::now();
    let _ = client.pipe.read_u8().await;
    assert_eq!(bench.platform.budget.taken().0, 1);
    while bench.platform.budget.taken().0 > 0 && start.elapsed() < Duration::from_secs(600) {
        let _ = client.pipe.read_u8().await;
        sleep(Duration::from_secs(1)).await;
    }
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_slow_but_steady_reader_gets_everything() {
    use tokio::io::AsyncReadExt;
    let bench = Bench::new();
    let mut client = bench.connect();
    client.write("GET /test/big HTTP/1.1\r\nHost: vigie.local\r\n\r\n").await;
    let (mut total, mut buffer) = (0, [0; 8 * 1024]);
    while total < 1 << 20 {
        sleep(Duration::from_secs(2)).await;
        let count = client.pipe.read(&mut buffer).await.unwrap();
        assert!(count > 0, "cut after {total} bytes");
        total += count;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_answered_for() {
    let bench = Bench::new();
    let mut client = bench.connect();
    let start = Instant::now();
    let answer = client.get("/test/never").await;
    assert_eq!((answer.status, start.elapsed().as_secs()), (503, 30));
}

#[tokio::test(start_paused = true)]
async fn heads_over_16_kib_or_48_fields_and_bodies_over_64_kib_are_refused() {
    let bench = Bench::new();
    let long = format!("X-Long: {}\r\n", "x".repeat(20_000));
    assert_eq!(bench.connect().ask("GET /healthz", &long, "").await.status, 431);
    let many = "X-Many: x\r\n".repeat(60);
    assert_eq!(bench.connect().ask("GET /healthz", &many, "").await.status, 431);
    let some = "X-Many: x\r\n".repeat(40);
    assert_eq!(bench.connect().ask("GET /healthz", &some, "").await.status, 200);
    let announced = "POST /test/echo HTTP/1.1\r\nHost: vigie.local\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n";
    let mut client = bench.connect();
    client.write(announced).await;
    assert_eq!(client.read_answer(false).await.unwrap().code(), "too_large", "refused by its length alone");
    let mut client = bench.connect();
    client.write("POST /test/echo HTTP/1.1\r\nHost: vigie.local\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let writer = async {
        for _ in 0..20 {
            if !client.write(format!("1000\r\n{}\r\n", "x".repeat(0x1000))).await {
                break;
            }
        }
        client.read_answer(false).await.unwrap()
    };
    assert_eq!(writer.await.code(), "too_large");
}

#[tokio::test(start_paused = true)]
async fn the_hundredth_answer_closes_the_connection() {
    let bench = Bench::new();
    let mut client = bench.connect();
    for number in 1..=100 {
        let answer = client.get("/healthz").await;
        assert_eq!(answer.field("connection"), (number == 100).then_some("close"), "{number}");
    }
    assert!(client.read_to_end().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_thirteenth_connection_of_an_address_gets_503_and_others_are_served() {
    let bench = Bench::new();
    let mut held = Vec::new();
    for _ in 0..12 {
        let mut client = bench.connect();
        assert_eq!(client.get("/healthz").await.status, 200);
        held.push(client);
    }
    let mut refused = bench.connect();
    let answer = refused.read_answer(false).await.unwrap();
    assert_eq!((answer.status, answer.code().as_str(), answer.field("connection")), (503, "busy", Some("close")));
    assert_eq!(bench.connect_from(21).get("/healthz").await.status, 200);
    drop(held);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(bench.connect().get("/healthz").await.status, 200);
    assert_eq!(bench.platform.metrics.value("http_rejected_total", "address_full"), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn who_has_logged_in_is_not_locked_out_by_strangers() {
    let bench = Bench::with_limits(Limits { strangers: 24, ..Limits::default() });
    let bearer = format!("Authorization: Bearer {}\r\n", bench.token().await);
    let mut guest = bench.connect_from(9);
    assert_eq!(guest.ask("GET /test/viewer", &bearer, "").await.status, 204);
    assert_eq!(bench.platform.budget.taken(), (0, 1));
    // All of them are being answered, so nobody can be asked to give way.
    let mut strangers: Vec<Client> = (0..24).map(|number| bench.connect_from(100 + number)).collect();
    for stranger in &mut strangers {
        stranger.write("GET /test/never HTTP/1.1\r\nHost: vigie.local\r\n\r\n").await;
    }
    advance(Duration::from_millis(1)).await;
    assert_eq!(bench.connect_from(200).read_answer(false).await.unwrap().status, 503);
    assert_eq!(guest.ask("GET /test/viewer", &bearer, "").await.status, 204);
    assert_eq!(strangers[0].read_answer(false).await.unwrap().code(), "unavailable");
}

#[tokio::test(start_paused = true)]
async fn good_clients_are_served_while_hostile_ones_hold_what_they_can() {
    let bench = Bench::new();
    let mut hostile = Vec::new();
    for number in 0..500 {
        let mut client = bench.connect_from(1 + (number % 4) as u8);
        client.write("GET / HTTP/1.1\r\nX-Drip: ").await;
        hostile.push(client);
    }
    sleep(Duration::from_millis(600)).await;
    assert_eq!(bench.platform.budget.taken().0, 4 * 12);
    for _ in 0..50 {
        assert_eq!(bench.connect_from(99).get("/healthz").await.status, 200);
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_secs(6)).await;
    assert_eq!(bench.platform.budget.taken().0, 0, "the hostile ones are gone");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_silent_addresses_gives_way_to_a_good_client() {
    let bench = Bench::new();
    let mut hostile = Vec::new();
    for number in 0..200 {
        let mut client = bench.connect_from(1 + (number % 50) as u8);
        client.write("GET / HTTP/1.1\r\nX-Drip: ").await;
        hostile.push(client);
        assert_eq!(bench.connect_from(99).get("/healthz").await.status, 200, "{number}");
    }
    assert!(bench.platform.budget.taken().0 <= 96 && bench.platform.budget.displaced() > 0);
}

#[tokio::test(start_paused = true)]
async fn a_house_full_of_stalled_bodies_gives_way_to_a_good_client() {
    let bench = Bench::new();
    let mut hostile = Vec::new();
    for number in 0..200 {
        let mut client = bench.connect_from(1 + number);
        client.write("POST /test/echo HTTP/1.1\r\nHost: vigie.local\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{").await;
        hostile.push(client);
        // As fast as the house lets everybody in; the good client speaks as soon as it is there.
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(bench.platform.budget.taken().0, 96);
    for number in 0..50 {
        assert_eq!(bench.connect_from(250).get("/healthz").await.status, 200, "{number}");
        sleep(Duration::from_millis(5)).await;
    }
    assert!(bench.platform.budget.displaced() >= 50);
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_an_answer_finish_and_closes_the_rest() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", bench.token().await);
    let (mut idle, mut busy) = (bench.connect_from(1), bench.connect_from(2));
    assert_eq!(idle.get("/healthz").await.status, 200);
    busy.write(format!("POST /test/slow HTTP/1.1\r\nHost: vigie.local\r\n{bearer}\r\n")).await;
    sleep(Duration::from_millis(1)).await;
    bench.stop.send(true).unwrap();
    let start = Instant::now();
    assert!(idle.read_to_end().await.is_empty());
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(busy.read_answer(false).await.unwrap().status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_change_goes_on_when_its_client_hangs_up() {
    let bench = Bench::new();
    let bearer = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", bench.token().await);
    let mut client = bench.connect();
    client.write(format!("POST /test/slow HTTP/1.1\r\nHost: vigie.local\r\n{bearer}\r\n")).await;
    sleep(Duration::from_secs(1)).await;
    drop(client);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(bench.counted.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_real_listener_serves_and_stops() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let bench = Bench::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (server, stop) = (bench.server.clone(), bench.stop.subscribe());
    let serving = tokio::spawn(async move { server.serve(listener, stop).await });
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client
        .write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with(r#"{"status":"ok"}"#), "{text}");
    bench.stop.send(true).unwrap();
    serving.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
