package org.hearth.server.store;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hearth.ringlogs.OutputLog;

/// An output log whose entries are kept in the [Journal], with the boxes that write it.
///
/// **Thread**: any.
///
/// @param <E> the entries
public final class JournaledLog<E> {
  private final Journal journal;
  private final OutputLog<E> output;
  private final List<JournalWriter<E>> writers = new CopyOnWriteArrayList<>();

  JournaledLog(Journal journal, OutputLog<E> output) {
    this.journal = journal;
    this.output = output;
  }

  /// The log, to register readers, to start and to stop.
  public OutputLog<E> output() {
    return output;
  }

  /// A box's own way to write.
  ///
  /// @param box its name in the wiring; each box takes its writer once
  public JournalWriter<E> writer(String box) {
    JournalWriter<E> writer = new JournalWriter<>(box, journal, output);
    writers.add(writer);
    output.writtenBy(box);
    return writer;
  }

  /// The boxes that write, in the order in which they took their writers.
  public List<JournalWriter<E>> writers() {
    return List.copyOf(writers);
  }
}
