package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;

/// A key that this server signs with, or has signed with.
///
/// @param id such as `ed25519:a_1234`
/// @param publicKey in unpadded base64
/// @param expired when it was signed with last; empty of the one that signs
public record SigningKeySummary(String id, String publicKey, Optional<Instant> expired) {}
