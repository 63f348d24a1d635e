package org.hearth.server.admin;

import java.util.List;
import java.util.Optional;

/// What became of a notice to everybody, as far as it has come.
///
/// @param sent how many accounts have it
/// @param failures who has not, each with the reason, in a sentence
/// @param next the id of the last account that was looked at; empty when there are no more
public record NoticesSent(int sent, List<String> failures, Optional<String> next) {
  /// Copies the list.
  public NoticesSent {
    failures = List.copyOf(failures);
  }
}
