//! Holds the promise that nobody comes in with a token that is not exactly one the appliance gave out and still means.
//! Never knows the device's key. Needs root and VIGIE_BIN.

use serde_json::json;
use vigie_tests::appliance::Appliance;

use crate::wire::{ask, token, with_service};

/// Base64 for URLs, without padding (RFC 4648, 5): for what a forger writes.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(char::from(SIGNS[(number >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

fn unbase64(text: &str) -> Vec<u8> {
    let value = |sign: u8| match sign {
        b'A'..=b'Z' => sign - b'A',
        b'a'..=b'z' => sign - b'a' + 26,
        b'0'..=b'9' => sign - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let bits: Vec<u8> = text.bytes().flat_map(|sign| (0..6).rev().map(move |bit| value(sign) >> bit & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

fn status(token: &str) -> u16 {
    ask("GET /api/session", &format!("Authorization: Bearer {token}\r\n"), b"").status
}

fn forgeries(good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = parts[..] else { panic!("three parts: {good}") };
    let claims = String::from_utf8(unbase64(body)).expect("claims are text");
    assert!(claims.contains(r#""aud":"vigie""#), "{claims}");
    let none = base64(br#"{"alg":"none","typ":"JWT"}"#);
    let hs256 = base64(br#"{"alg":"HS256","typ":"JWT"}"#);
    let other = |from: &str, to: &str| base64(claims.replace(from, to).as_bytes());
    let mut turned = unbase64(signature);
    turned[0] ^= 1;
    vec![
        ("no algorithm", format!("{none}.{body}.")),
        ("no algorithm, old signature", format!("{none}.{body}.{signature}")),
        ("no algorithm, without the last dot", format!("{none}.{body}")),
        ("another algorithm", format!("{hs256}.{body}.{signature}")),
        ("another audience", format!("{head}.{}.{signature}", other("vigie", "other"))),
        ("another account", format!("{head}.{}.{signature}", other(r#""sub":"1""#, r#""sub":"2""#))),
        ("a signature with one bit turned", format!("{head}.{body}.{}", base64(&turned))),
        ("an empty signature", format!("{head}.{body}.")),
        ("a signature of zeros", format!("{head}.{body}.{}", base64(&[0; 64]))),
        ("a padded signature", format!("{head}.{body}.{signature}==")),
        ("a fourth part", format!("{good}.{signature}")),
        (
            "a header with a key of its own",
            format!("{}.{body}.{signature}", base64(br#"{"alg":"EdDSA","typ":"JWT","jwk":{}}"#)),
        ),
        ("only dots", "..".to_owned()),
        ("nothing", String::new()),
        ("a very long one", format!("{good}{}", "A".repeat(8_000))),
    ]
}

#[test]
#[ignore = "needs root"]
fn a_token_opens_the_door_only_as_it_was_given_out() {
    with_service(|lab, _, appliance| {
        let good = token(appliance);
        lab.inside(|| {
            assert_eq!(status(&good), 200);
            for (what, forged) in forgeries(&good) {
                assert_eq!(status(&forged), 401, "{what}: {forged}");
            }
            assert_eq!(ask("GET /api/session", &format!("Authorization: Basic {good}\r\n"), b"").status, 401);
            assert_eq!(ask("GET /api/session", &format!("Authorization: {good}\r\n"), b"").status, 401);
            // Addresses end up in logs and histories: a token there counts for nothing.
            for name in ["token", "access_token", "access", "authorization", "jwt"] {
                let answer = ask(&format!("GET /api/session?{name}={good}"), "", b"");
                assert_eq!(answer.status, 401, "{name} in the query");
                assert_eq!(ask(&format!("GET /api/events?{name}={good}"), "", b"").status, 401, "{name} in the query");
            }
            assert_eq!(
                ask("GET /api/session", &format!("Cookie: vigie={good}\r\n"), b"").status,
                401,
                "a token is no cookie"
            );
            assert_eq!(ask("GET /api/session", &format!("X-Access-Token: {good}\r\n"), b"").status, 401);
        });
        refresh_tokens(lab, appliance);
        let over = token(appliance);
        lab.inside(|| {
            assert_eq!(ask("DELETE /api/session", &format!("Authorization: Bearer {over}\r\n"), b"").status, 204);
            assert_eq!(status(&over), 401, "a session that was ended is over at once");
        });
        // The token of another appliance: same program, same names, another key.
        let foreign = another_appliances_token();
        lab.inside(|| assert_eq!(status(&foreign), 401, "the key of another appliance"));
    });
}

fn refresh_tokens(lab: &vigie_tests::lab::Lab, appliance: &Appliance<'_>) {
    let login = json!({ "username": vigie_tests::api::ADMIN, "password": vigie_tests::api::PASSWORD });
    let pair = appliance.api.send("POST", "/api/token", &login);
    let (access, refresh) = (pair["access"].as_str().expect("a token"), pair["refresh"].as_str().expect("a token"));
    lab.inside(|| {
        assert_eq!(status(refresh), 401, "a refresh token opens nothing by itself");
        assert_eq!(status(access), 200);
    });
    let renew = |token: &str| appliance.api.ask("POST", "/api/token/refresh", Some(&json!({ "refresh": token })));
    let renewed = renew(refresh).expect("an answer");
    assert_eq!(renewed.status, 200);
    assert_eq!(renew(refresh).expect("an answer").status, 401, "it is good once");
    assert_eq!(renew(access).expect("an answer").status, 401, "an access token renews nothing");
}

fn another_appliances_token() -> String {
    let mut foreign = String::new();
    with_service(|_, _, appliance| foreign = token(appliance));
    foreign
}
