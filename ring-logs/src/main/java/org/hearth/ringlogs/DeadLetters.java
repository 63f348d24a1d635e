package org.hearth.ringlogs;

import java.util.List;
import org.hearth.ringlogs.DeadLetter.Label;

/// Keeps parked entries until a person decides.
///
/// A letter is identified by log, consumer, partition key and position.
///
/// **Thread**: consumer threads; [#all] any.
///
/// **Errors**: what [FailureHandling] calls unavailable means not now: the consumer waits and tries
/// again. Anything else means that this letter is refused for good.
public interface DeadLetters {
  /// Keeps a letter: durable when this returns. A letter of the same identity is replaced.
  void park(DeadLetter letter);

  /// Forgets a letter. One that is not there is no error.
  void remove(Label letter);

  /// The letters of one consumer, by position. A damaged one hinders no other: it is listed with
  /// what can be read of it, and can be removed.
  List<Label> of(String log, String consumer);

  /// The letters of one consumer and partition key, by position; damaged ones as above.
  List<Label> of(String log, String consumer, String partitionKey);

  /// One letter with its entry.
  ///
  /// @throws RuntimeException if it is damaged, or not there
  DeadLetter read(Label letter);

  /// All letters, by log, consumer and position.
  List<DeadLetter> all();

  /// Letters kept in memory: for volatile logs and for tests.
  static DeadLetters inMemory() {
    return new InMemoryDeadLetters();
  }
}
