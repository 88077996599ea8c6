//! What a handshake yields: the suite, and a master key with its salt for each direction.

use dimpl::SrtpProfile;
use zeroize::Zeroizing;

use super::Role;
use crate::rtp::srtp::{MasterKey, Suite};

/// What protects the sound from now on. Wiped when dropped, and never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Of what we send.
    pub local: MasterKey,
    /// Of what the peer sends.
    pub remote: MasterKey,
}

/// The suite of a profile.
//= RFC 5764 §4.1.2, RFC 7714 §14.2
pub(super) fn suite(profile: SrtpProfile) -> Option<Suite> {
    match profile {
        SrtpProfile::AEAD_AES_256_GCM => Some(Suite::Aes256Gcm),
        SrtpProfile::AEAD_AES_128_GCM => Some(Suite::Aes128Gcm),
        SrtpProfile::AES128_CM_SHA1_80 => Some(Suite::Aes128CmSha1_80),
        _ => None,
    }
}

impl Keys {
    /// Cut what the exporter gave: both keys, then both salts, the client's first; `None` when it is not as long.
    //= RFC 5764 §4.2
    pub(super) fn cut(suite: Suite, material: &[u8], role: Role) -> Option<Keys> {
        let (client_key, rest) = material.split_at_checked(suite.key())?;
        let (server_key, rest) = rest.split_at_checked(suite.key())?;
        let (client_salt, server_salt) = rest.split_at_checked(suite.salt())?;
        let master = |key: &[u8], salt: &[u8]| MasterKey::new(suite, &Zeroizing::new([key, salt].concat())).ok();
        let (client, server) = (master(client_key, client_salt)?, master(server_key, server_salt)?);
        let (local, remote) = if role == Role::Client { (client, server) } else { (server, client) };
        Some(Keys { local, remote })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= RFC 5764 §4.2: client key, server key, client salt, server salt
    fn material_is_cut_in_its_order() {
        for profile in SrtpProfile::ALL {
            let suite = suite(*profile).unwrap();
            let (key, salt) = (suite.key(), suite.salt());
            assert_eq!(profile.keying_material_len(), 2 * suite.key_and_salt(), "{suite}");
            let [client_key, server_key, client_salt, server_salt] =
                [vec![1; key], vec![2; key], vec![3; salt], vec![4; salt]];
            let material = [&client_key[..], &server_key, &client_salt, &server_salt].concat();
            let client = Keys::cut(suite, &material, Role::Client).unwrap();
            let server = Keys::cut(suite, &material, Role::Server).unwrap();
            let master = |key: &[u8], salt: &[u8]| MasterKey::new(suite, &[key, salt].concat()).unwrap();
            assert_eq!(client.local, master(&client_key, &client_salt), "{suite}");
            assert_eq!(client.remote, master(&server_key, &server_salt), "{suite}");
            assert_eq!((&client.local, &client.remote), (&server.remote, &server.local), "{suite}");
            let longer = [material.as_slice(), &[0]].concat();
            for wrong in [&material[1..], &longer, &[]] {
                assert_eq!(Keys::cut(suite, wrong, Role::Client), None, "{suite}");
            }
            let shown = format!("{client:?}");
            assert!(!shown.contains("1, 1") && shown.contains(suite.name()), "{shown}");
        }
    }
}
