//! One signing key: how it is made and read, and how a token is put together.
//!
//! The key pair is parsed once and kept: parsing costs almost as much as an RSA signature, and more than the others.
//!
//! Spec: RFC 9068 §2.1 (`at+jwt`); RFC 7515 §3.1 (compact serialization); RFC 7638 (`kid`).

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use protocol::access_token::{AccessTokenClaims, AccessTokenHeader, TYP};
use protocol::jwks::{PublicJwk, TokenAlgorithm};
use protocol::secret::Secret;
use protocol::{base64url, push_base64url};

use super::error::KeyError;

/// Enough for the claims of most tokens: the buffer seldom grows.
const CLAIMS_BYTES: usize = 512;

/// A key that signs.
pub(super) struct SigningKey {
    pair: KeyPair,
    verifier: ParsedPublicKey,
    public: PublicJwk,
    /// The first part of every token, dot included.
    encoded_header: String,
}

enum KeyPair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A new key, and its PKCS#8 form. RSA takes a tenth of a second and more.
    pub(super) fn generate(algorithm: TokenAlgorithm) -> Result<(Self, Vec<u8>), KeyError> {
        let pkcs8 = generate(algorithm).map_err(|Unspecified| KeyError::NotMade)?;
        let key = Self::from_pkcs8(algorithm, &pkcs8).map_err(|_| KeyError::NotMade)?;
        Ok((key, pkcs8))
    }

    /// Reads a key for this algorithm. Of RSA keys those with 2048 to 8192 bits are read.
    pub(super) fn from_pkcs8(algorithm: TokenAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        let pair = match algorithm {
            TokenAlgorithm::Rs256 => KeyPair::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?),
            TokenAlgorithm::Es256 => {
                KeyPair::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)?)
            }
            TokenAlgorithm::EdDsa => KeyPair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8)?),
        };
        let (public, verifier) = (pair.public()?, pair.verifier()?);
        let header = AccessTokenHeader { alg: algorithm, typ: TYP.into(), kid: public.kid().into() };
        // Three texts, which JSON can always express.
        let header = serde_json::to_vec(&header).map_err(|_| Unspecified)?;
        Ok(Self { pair, verifier, public, encoded_header: base64url(&header) + "." })
    }

    /// The public half, as it is published.
    pub(super) fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// Header and claims as they are signed, in a buffer that has room for the signature.
    pub(super) fn signing_input(&self, claims: &AccessTokenClaims) -> Result<String, KeyError> {
        let mut json = Vec::with_capacity(CLAIMS_BYTES);
        serde_json::to_writer(&mut json, claims).map_err(|_| KeyError::NotSigned)?;
        let encoded = |bytes: usize| bytes.div_ceil(3) * 4;
        let length =
            self.encoded_header.len() + encoded(json.len()) + 1 + encoded(self.pair.signature_bytes());
        let mut input = String::with_capacity(length);
        input.push_str(&self.encoded_header);
        push_base64url(&mut input, &json);
        Ok(input)
    }

    /// Completes a token: appends the signature.
    pub(super) fn sign(&self, input: String) -> Result<Secret, KeyError> {
        self.append_signature(input).map_err(|Unspecified| KeyError::NotSigned)
    }

    /// Whether this key made this signature.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_sig(message, signature).is_ok()
    }

    fn append_signature(&self, mut token: String) -> Result<Secret, Unspecified> {
        let (message, random) = (token.as_bytes(), SystemRandom::new());
        match &self.pair {
            KeyPair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                append(&mut token, &signature);
            }
            KeyPair::P256(pair) => {
                let signature = pair.sign(&random, message)?;
                append(&mut token, signature.as_ref());
            }
            KeyPair::Ed25519(pair) => {
                let signature = pair.try_sign(message)?;
                append(&mut token, signature.as_ref());
            }
        }
        Ok(Secret::new(token))
    }
}

fn append(token: &mut String, signature: &[u8]) {
    token.push('.');
    push_base64url(token, signature);
}

impl KeyPair {
    fn public(&self) -> Result<PublicJwk, Unspecified> {
        Ok(match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                PublicJwk::rsa(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                )
            }
            Self::P256(pair) => {
                // SEC 1 §2.3.3: 4, and the two coordinates.
                let point: &[u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| Unspecified)?;
                let (x, y) = (point[1..33].try_into(), point[33..].try_into());
                PublicJwk::p256(x.map_err(|_| Unspecified)?, y.map_err(|_| Unspecified)?)
            }
            Self::Ed25519(pair) => {
                PublicJwk::ed25519(pair.public_key().as_ref().try_into().map_err(|_| Unspecified)?)
            }
        })
    }

    fn verifier(&self) -> Result<ParsedPublicKey, KeyRejected> {
        match self {
            Self::Rsa(pair) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()),
            Self::P256(pair) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key()),
            Self::Ed25519(pair) => ParsedPublicKey::new(&ED25519, pair.public_key()),
        }
    }

    fn signature_bytes(&self) -> usize {
        match self {
            Self::Rsa(pair) => pair.public_modulus_len(),
            Self::P256(_) | Self::Ed25519(_) => 64,
        }
    }
}

fn generate(algorithm: TokenAlgorithm) -> Result<Vec<u8>, Unspecified> {
    Ok(match algorithm {
        TokenAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            let pkcs8: Pkcs8V1Der<'_> = pair.as_der()?;
            pkcs8.as_ref().to_vec()
        }
        TokenAlgorithm::Es256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec()
        }
        TokenAlgorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use protocol::access_token::open_unverified;
    use protocol::base64url_decode;
    use protocol::ids::{ClientId, Issuer, ResourceUri, Subject, UnixTime};
    use protocol::loopback::LoopbackPolicy;

    use super::*;

    fn claims() -> AccessTokenClaims {
        AccessTokenClaims {
            iss: Issuer::parse("https://as.example", LoopbackPolicy::HttpsOnly).unwrap(),
            aud: ResourceUri::parse("https://mcp.example/mcp", LoopbackPolicy::HttpsOnly).unwrap(),
            sub: Subject::parse("ada").unwrap(),
            client_id: ClientId::parse("https://c.example/c").unwrap(),
            scope: "mcp:connect".parse().unwrap(),
            iat: UnixTime(1_800_000_000),
            exp: UnixTime(1_800_000_600),
            jti: "a-token".into(),
        }
    }

    /// Req: AS-140, AS-141
    #[test]
    fn a_token_is_put_together_in_one_buffer_and_verifies_with_its_key_alone() {
        for algorithm in TokenAlgorithm::ALL {
            let (key, pkcs8) = SigningKey::generate(algorithm).unwrap();
            let input = key.signing_input(&claims()).unwrap();
            let buffer = input.as_ptr();
            let token = key.sign(input).unwrap();
            assert_eq!(token.reveal().as_ptr(), buffer, "{algorithm}: the buffer had room for the signature");
            let jwt = open_unverified(token.reveal()).unwrap();
            assert_eq!(jwt.header["alg"], algorithm.as_str());
            assert_eq!(jwt.header["typ"], "at+jwt");
            assert_eq!(jwt.header["kid"], key.public().kid());
            assert_eq!(serde_json::Value::from(jwt.claims), serde_json::to_value(claims()).unwrap());

            let (message, signature) = token.reveal().rsplit_once('.').unwrap();
            let signature = base64url_decode(signature).unwrap();
            let same = SigningKey::from_pkcs8(algorithm, &pkcs8).unwrap();
            assert_eq!(same.public(), key.public());
            assert!(same.verifies(message.as_bytes(), &signature));
            assert!(!same.verifies(&message.as_bytes()[1..], &signature));
            let (other, _) = SigningKey::generate(algorithm).unwrap();
            assert!(!other.verifies(message.as_bytes(), &signature));
        }
    }

    #[test]
    fn a_key_is_read_for_its_own_algorithm_only() {
        for made in TokenAlgorithm::ALL {
            let (_, pkcs8) = SigningKey::generate(made).unwrap();
            for read in TokenAlgorithm::ALL {
                assert_eq!(SigningKey::from_pkcs8(read, &pkcs8).is_ok(), read == made, "{made} as {read}");
            }
        }
    }
}
