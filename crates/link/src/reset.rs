//! How a node that was restarted tells its old peers so at once.
//!
//! QUIC lets an endpoint answer packets of connections that it does not know with a token that only
//! it can make ("stateless reset", RFC 9000, section 10.3).
//! With quinn's random keys a new process could not make the old one's tokens, and apps would wait
//! for the idle timeout; so both keys come from the node's own secret.

use std::sync::Arc;
use std::time::Duration;

use quinn::EndpointConfig;
use quinn_proto::HashedConnectionIdGenerator;
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::hmac::{self, HMAC_SHA256};

use crate::identity::Identity;

/// Keeps these keys apart from everything else that is ever made of the secret.
const DOMAIN: &[u8] = b"aldis stateless reset 1";

/// The shortest time between two such answers. After a restart thousands of apps are to notice
/// within seconds; one to whom no answer comes waits until the silence itself says it.
const INTERVAL: Duration = Duration::from_micros(200);

/// A configuration that is the same whenever the same identity is used.
pub(crate) fn config(identity: &Identity) -> EndpointConfig {
    let tokens = derive(identity, b"tokens");
    // Packets of strangers' connection ids are not answered, so the ids need a key, too.
    let ids = hmac::sign(&derive(identity, b"connection ids"), b"");
    let ids = ids.as_ref().first_chunk().copied().unwrap_or_default();
    let ids = u64::from_le_bytes(ids);
    let mut config = EndpointConfig::new(Arc::new(tokens));
    // The relay tells its own packets from QUIC's by that bit.
    config.grease_quic_bit(false);
    config.min_reset_interval(INTERVAL);
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(ids)));
    config
}

fn derive(identity: &Identity, purpose: &[u8]) -> hmac::Key {
    let secret = Salt::new(HKDF_SHA256, DOMAIN).extract(&identity.to_pkcs8());
    let purpose = [purpose];
    let key = secret.expand(&purpose, HMAC_SHA256);
    key.expect("one hash's length is not too long").into()
}
