//! Holds the proof that one authority is believed, at any time of day and under any name, and no other.
//! Never opens a socket: client and server hand their bytes to each other. Called by the test runner.

use std::io::{Read, Write};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConnection, ServerConfig, ServerConnection};

use super::*;

/// An authority and a server's certificate from it, good in these years.
fn made(years: [i32; 2]) -> (Vec<u8>, Arc<ServerConfig>) {
    let dated = |mut params: CertificateParams| {
        params.not_before = date_time_ymd(years[0], 1, 1);
        params.not_after = date_time_ymd(years[1], 1, 1);
        params
    };
    let key = KeyPair::generate().unwrap();
    let mut params = dated(CertificateParams::new(Vec::new()).unwrap());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().der().to_vec();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        dated(CertificateParams::new(vec!["vigie".to_owned()]).unwrap()).signed_by(&key, &issuer).unwrap();
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)
        .unwrap();
    (authority, Arc::new(config))
}

/// Whether the two come to speak.
fn meet(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<(), rustls::Error> {
    let name = ServerName::try_from("192.0.2.7").unwrap();
    let mut client = ClientConnection::new(client, name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        bytes.clear();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    client.writer().write_all(b"x").unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    server.read_tls(&mut bytes.as_slice()).unwrap();
    server.process_new_packets()?;
    let mut letter = [0];
    server.reader().read_exact(&mut letter).unwrap();
    Ok(())
}

#[test]
fn the_one_authority_is_believed_whatever_the_clock_says() {
    for years in [[2020, 2100], [2001, 2002], [2090, 2100]] {
        let (authority, server) = made(years);
        meet(only(&authority).unwrap(), server).unwrap_or_else(|error| panic!("{years:?}: {error}"));
    }
}

#[test]
fn another_authority_is_not() {
    for years in [[2020, 2100], [2001, 2002]] {
        let (_, server) = made(years);
        let (other, _) = made(years);
        assert!(meet(only(&other).unwrap(), server.clone()).is_err());
        meet(anybody().unwrap(), server).unwrap();
    }
    assert!(only(b"no certificate").is_err());
}

#[test]
fn fingerprints_are_read_in_every_spelling() {
    let bytes: Fingerprint = std::array::from_fn(|place| place as u8);
    let hex = data_encoding::HEXUPPER.encode(&bytes);
    let pairs: Vec<&str> = (0..32).map(|place| &hex[2 * place..2 * place + 2]).collect();
    for text in [hex.clone(), hex.to_lowercase(), pairs.join(":"), pairs.join(" ")] {
        assert_eq!(read_fingerprint(&text), Ok(bytes), "{text}");
    }
    for text in ["", "00", &hex[1..], "zz"] {
        assert!(read_fingerprint(text).is_err(), "{text}");
    }
}
