package org.hearth.ringlogs;

import java.util.function.Function;
import java.util.function.ToLongFunction;

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
/// @param weight about how many bytes an entry takes in memory; 0 for what is so small that the
///   capacity is bound enough. An output log whose entries weigh more than [#MOST_BYTES] lets the
///   oldest of them go: readers that come to those find them in the store
public record LogSpec<E>(
    String name,
    Class<E> entryType,
    int capacity,
    Function<E, String> partitionKey,
    EntryCodec<E> codec,
    ToLongFunction<E> weight) {
  /// Of the entries that an output log's ring holds, by their weight.
  public static final long MOST_BYTES = 16L << 20;

  /// A log of small entries.
  public LogSpec(
      String name,
      Class<E> entryType,
      int capacity,
      Function<E, String> partitionKey,
      EntryCodec<E> codec) {
    this(name, entryType, capacity, partitionKey, codec, _ -> 0);
  }

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
