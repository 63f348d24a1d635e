package org.hearth.ringlogs;

/// Entries to bytes and back, over versions.
///
/// **Thread**: any; a codec has no state.
///
/// @param <E> the entry type
public interface EntryCodec<E> {
  /// The version that [#encode] writes. From 1 on; it grows by one when the bytes change their
  /// meaning.
  int version();

  byte[] encode(E entry);

  /// The entry of some bytes.
  ///
  /// @param version the version that wrote the bytes: the current one or any before it
  /// @throws IllegalArgumentException if the version is not known or the bytes are not an entry
  E decode(int version, byte[] bytes);
}
