package org.hearth.server.matrix.push;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An event's body, in which globs of many users are looked for: what serves all of them is made
/// once.
///
/// **bound**: some times the text, which is an event's. **thread**: one.
final class EventBody {
  private final String text;
  private final String folded;

  /// Its words, folded; null if they were not needed yet, or [#isOfWords] says no.
  private @Nullable Set<String> words;

  private boolean isOfWords = true;

  EventBody(String text) {
    this.text = text;
    this.folded = Glob.fold(text);
  }

  /// Whether a folded text stands in it.
  boolean mayContain(String foldedText) {
    return folded.contains(foldedText);
  }

  /// Whether a glob matches words of it, as [Glob#matchesWords] says.
  boolean has(Glob glob) {
    return glob.isOneWord()
        ? hasWord(glob.part())
        : mayContain(glob.part()) && glob.matchesWords(text);
  }

  /// Whether it has a folded word, as [Glob#isOneWord] says, between boundaries.
  boolean hasWord(String word) {
    return readWords()
        ? words != null && words.contains(word)
        : mayContain(word) && Glob.literal(word).matchesWords(text);
  }

  /// Looks for the words.
  ///
  /// @return false if there is a character that is like a letter of words but for a boundary, as
  ///   the Kelvin sign is like a K: then more stands between boundaries than words
  private boolean readWords() {
    if (words == null && isOfWords) {
      Set<String> read = new HashSet<>();
      int start = 0;
      for (int at = 0; at < text.length() && isOfWords; at++) {
        char each = text.charAt(at);
        if (!Glob.isWord(each)) {
          read.add(Glob.fold(text.substring(start, at)));
          start = at + 1;
          isOfWords = !Glob.isWord(Glob.fold(each));
        }
      }
      read.add(Glob.fold(text.substring(start)));
      words = isOfWords ? read : null;
    }
    return isOfWords;
  }
}
