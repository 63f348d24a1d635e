package org.hearth.ringlogs;

import java.util.Arrays;

/// The bytes of one entry with the version of the codec that wrote them. Immutable.
public final class EncodedEntry {
  /// The version of an entry whose bytes cannot be had or kept: they are a text in UTF-8, for
  /// people.
  public static final int TEXT = 0;

  private final int version;
  private final byte[] bytes;

  public EncodedEntry(int version, byte[] bytes) {
    this.version = version;
    this.bytes = bytes.clone();
  }

  /// Encodes an entry with the current version of a codec.
  public static <E> EncodedEntry of(EntryCodec<E> codec, E entry) {
    return new EncodedEntry(codec.version(), codec.encode(entry));
  }

  public int version() {
    return version;
  }

  /// A copy of the bytes.
  public byte[] bytes() {
    return bytes.clone();
  }

  /// The entry.
  ///
  /// @throws IllegalArgumentException if the codec does not know the version or the bytes
  public <E> E decode(EntryCodec<E> codec) {
    return codec.decode(version, bytes.clone());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EncodedEntry that
        && version == that.version
        && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * version + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "EncodedEntry[version=" + version + ", lengthBytes=" + bytes.length + "]";
  }
}
