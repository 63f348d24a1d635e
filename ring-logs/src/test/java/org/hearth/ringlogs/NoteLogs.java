package org.hearth.ringlogs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/// Output logs of notes over one store and one place for dead letters, stopped at the end.
final class NoteLogs {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final NoteStore store = new NoteStore();
  private final DeadLetters letters = DeadLetters.inMemory();
  private final List<OutputLog<Note>> opened = new ArrayList<>();

  NoteStore store() {
    return store;
  }

  DeadLetters letters() {
    return letters;
  }

  OutputLog<Note> open(int capacity) {
    return open(capacity, letters);
  }

  OutputLog<Note> open(int capacity, DeadLetters others) {
    OutputLog<Note> log =
        new OutputLog<>(
            Note.log("note-output", capacity), store, UnavailableException.handling(others));
    opened.add(log);
    return log;
  }

  void commitAndPublish(OutputLog<Note> log, long position, String key) {
    Positioned<Note> note = store.commit(at(position), new Note(key, position));
    log.publish(note.position(), note.entry());
  }

  static LogPosition at(long position) {
    return new LogPosition(position);
  }

  static List<Long> numbers(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  void stop() throws InterruptedException {
    for (OutputLog<Note> log : opened) {
      log.drainAndStop(Duration.ofSeconds(2));
    }
  }
}
