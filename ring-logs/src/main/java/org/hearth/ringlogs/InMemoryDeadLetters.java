package org.hearth.ringlogs;

import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.hearth.ringlogs.DeadLetter.Label;

/// Letters in memory. **Thread**: any.
final class InMemoryDeadLetters implements DeadLetters {
  private record Id(String log, String consumer, LogPosition position, String partitionKey) {
    static Id of(Label letter) {
      return new Id(letter.log(), letter.consumer(), letter.position(), letter.partitionKey());
    }
  }

  private final ConcurrentSkipListMap<Id, DeadLetter> letters =
      new ConcurrentSkipListMap<>(
          Comparator.comparing(Id::log)
              .thenComparing(Id::consumer)
              .thenComparing(Id::position)
              .thenComparing(Id::partitionKey));

  @Override
  public void park(DeadLetter letter) {
    letters.put(Id.of(letter.label()), letter);
  }

  @Override
  public void remove(Label letter) {
    letters.remove(Id.of(letter));
  }

  @Override
  public List<Label> of(String log, String consumer) {
    return where(letter -> letter.log().equals(log) && letter.consumer().equals(consumer));
  }

  @Override
  public List<Label> of(String log, String consumer, String partitionKey) {
    return where(letter ->
        letter.log().equals(log)
            && letter.consumer().equals(consumer)
            && letter.partitionKey().equals(partitionKey));
  }

  @Override
  public DeadLetter read(Label letter) {
    DeadLetter found = letters.get(Id.of(letter));
    if (found == null) {
      throw new NoSuchElementException("there is no letter " + letter);
    }
    return found;
  }

  @Override
  public List<DeadLetter> all() {
    return List.copyOf(letters.values());
  }

  private List<Label> where(Predicate<Label> wanted) {
    return letters.values().stream().map(DeadLetter::label).filter(wanted).toList();
  }
}
