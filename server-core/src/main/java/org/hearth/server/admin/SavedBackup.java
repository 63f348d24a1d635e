package org.hearth.server.admin;

import java.nio.file.Path;
import java.time.Instant;

/// A backup in a folder of backups.
///
/// @param folder its own folder
/// @param begun when it was begun
/// @param kind why it was made
/// @param content what is known of it without reading it
/// @param lengthBytes its size without pictures and files; 0 if that is not known
public record SavedBackup(
    Path folder, Instant begun, Kind kind, Content content, long lengthBytes) {
  /// Why a backup was made.
  public enum Kind {
    /// One is made every day.
    DAILY("daily"),
    /// Somebody asked for it.
    BY_HAND("by hand"),
    /// A newer version was about to change the tables.
    BEFORE_UPDATE("before an update");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /// As people are told.
    public String words() {
      return words;
    }
  }

  /// What is known of a backup.
  public enum Content {
    /// It was made to its end.
    WHOLE("whole"),
    /// It did not come to its end, or has not yet.
    PARTIAL("not finished"),
    /// What it holds cannot be read.
    DAMAGED("damaged"),
    /// It is of another database than the server has.
    OF_ANOTHER("another server’s");

    private final String words;

    Content(String words) {
      this.words = words;
    }

    /// As people are told.
    public String words() {
      return words;
    }
  }
}
