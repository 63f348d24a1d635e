package org.hearth.server.services.media;

import java.util.Optional;

/// The bytes of a piece of media, and what they are said to be.
///
/// @param sha256 of the bytes, 64 hexadecimal digits in lower case: what the file is found by, and
///   equal for equal bytes
/// @param lengthBytes how many there are
/// @param contentType as who uploaded it, or the other server, says; never empty
/// @param fileName the same
/// @param quarantined whether nobody is to get it
public record MediaFile(
    String sha256,
    long lengthBytes,
    String contentType,
    Optional<String> fileName,
    boolean quarantined) {}
