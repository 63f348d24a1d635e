package org.hearth.ringlogs;

import java.nio.charset.StandardCharsets;

/// The entry of the tests: a number that belongs to a key.
record Note(String key, long number) {
  static final EntryCodec<Note> CODEC =
      new EntryCodec<>() {
        @Override
        public int version() {
          return 2;
        }

        @Override
        public byte[] encode(Note entry) {
          return (entry.key() + "=" + entry.number()).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public Note decode(int version, byte[] bytes) {
          String text = new String(bytes, StandardCharsets.UTF_8);
          int split = text.lastIndexOf('=');
          if (version != 2 || split < 0) {
            throw new IllegalArgumentException("not a note of version 2: " + text);
          }
          return new Note(text.substring(0, split), Long.parseLong(text.substring(split + 1)));
        }
      };

  static LogSpec<Note> log(String name, int capacity) {
    return new LogSpec<>(name, Note.class, capacity, Note::key, CODEC);
  }
}
