package org.hearth.server.readers.search;

/// What is asked of an event beside its words.
enum SearchFlag {
  /// Everybody who is in the room now may see it: the history visibility was `shared` or
  /// `world_readable` when it was sent, and so it was for the edit whose words are indexed.
  OPEN("open"),

  /// Its content has a `url` that is a text.
  URL("url");

  private final String term;

  SearchFlag(String term) {
    this.term = term;
  }

  /// As it is indexed.
  String term() {
    return term;
  }
}
