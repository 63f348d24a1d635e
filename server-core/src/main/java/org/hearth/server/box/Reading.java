package org.hearth.server.box;

import java.util.List;
import org.hearth.ringlogs.FollowedLog;
import org.hearth.ringlogs.LogReader;

/// A log that a box follows.
///
/// @param log not yet started
/// @param reader told of each entry; its name is unique in the log
/// @param after the names of the log's readers that are told before this one, of whichever box
/// @param <E> the log's entries
public record Reading<E>(FollowedLog<E> log, LogReader<E> reader, List<String> after) {
  public Reading {
    after = List.copyOf(after);
  }

  /// A reading that waits for no other reader.
  public static <E> Reading<E> of(FollowedLog<E> log, LogReader<E> reader) {
    return new Reading<>(log, reader, List.of());
  }

  void register() {
    log.register(reader, after.toArray(String[]::new));
  }
}
