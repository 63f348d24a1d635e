package org.hearth.server.services.keybackup;

/// What decides which of two keys of one session a backup keeps.
///
/// @param isVerified "whether the device backing up the key verified the device that the key is
///   from"
/// @param firstMessageIndex "the index of the first message in the session that the key can
///   decrypt"
/// @param forwardedCount "the number of times this key has been forwarded via key-sharing between
///   devices"
record KeyRank(boolean isVerified, long firstMessageIndex, long forwardedCount) {
  /// Whether a key of this rank takes the place of one of that rank; of equals the one that is
  /// there stays.
  boolean isBetterThan(KeyRank known) {
    // "if the keys have different values for is_verified, then it will keep the key that has
    // is_verified set to true"
    if (isVerified != known.isVerified) {
      return isVerified;
    }
    // "if they have the same values for is_verified, then it will keep the key with a lower
    // first_message_index"
    if (firstMessageIndex != known.firstMessageIndex) {
      return firstMessageIndex < known.firstMessageIndex;
    }
    // "if is_verified and first_message_index are equal, then it will keep the key with a lower
    // forwarded_count"
    return forwardedCount < known.forwardedCount;
  }
}
