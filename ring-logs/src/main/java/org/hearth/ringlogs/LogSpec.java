package org.hearth.ringlogs;

import java.util.function.Function;

/// What a log carries.
///
/// @param <E> the entry type, usually a sealed interface of records
/// @param name the name in figures, thread names and dead letters; unique in a program and kept for
///   ever
/// @param entryType the class of `E`
/// @param capacity entries in the ring, of an input log in each shard's ring; a power of two
/// @param partitionKey what an entry belongs to (a room, a user, a destination): order is kept, and
///   failures are contained, within one key. It depends on the entry alone, and never throws
/// @param codec for dead letters, and for a log that leaves the process
public record LogSpec<E>(
    String name,
    Class<E> entryType,
    int capacity,
    Function<E, String> partitionKey,
    EntryCodec<E> codec) {

  public LogSpec {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a log needs a name");
    }
    if (capacity < 2 || Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException(
          "the capacity of " + name + " is a power of two from 2 on, not " + capacity);
    }
  }
}
