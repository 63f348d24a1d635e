package org.hearth.server.readers.search;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.hearth.server.matrix.error.MatrixException;

/// What a client looks for: words of which an event must have all, in one of its keys; those
/// between two quotation marks one after the other. Nothing else has a meaning of its own.
///
/// **Bound:** [#LONGEST] and [#MOST_WORDS]; a term that is longer is refused.
///
/// @param phrases each at least one word
record SearchTerm(List<List<String>> phrases) {
  /// In characters of Java.
  static final int LONGEST = 2_000;

  static final int MOST_WORDS = 64;

  /// So many words of the results are told to be highlighted.
  private static final int MOST_HIGHLIGHTS = 100;

  private static final char QUOTE = '"';

  SearchTerm {
    phrases = phrases.stream().map(List::copyOf).toList();
  }

  /// @throws MatrixException `M_INVALID_PARAM` if it is too long
  static SearchTerm parse(String text, SearchAnalyzer analyzer) {
    if (text.length() > LONGEST) {
      throw MatrixException.invalidParam(
          "search_term must be at most %d characters long".formatted(LONGEST));
    }
    Set<List<String>> phrases = new LinkedHashSet<>();
    String[] parts = text.split(String.valueOf(QUOTE), -1);
    for (int i = 0; i < parts.length; i++) {
      List<String> words =
          analyzer.words(parts[i]).stream().map(SearchAnalyzer.Word::term).toList();
      // Every second part is between two marks, unless the last mark stands alone.
      boolean quoted = i % 2 == 1 && i < parts.length - 1;
      if (quoted && !words.isEmpty()) {
        phrases.add(words);
      } else {
        words.forEach(each -> phrases.add(List.of(each)));
      }
    }
    if (phrases.stream().mapToInt(List::size).sum() > MOST_WORDS) {
      throw MatrixException.invalidParam(
          "search_term must have at most %d words".formatted(MOST_WORDS));
    }
    return new SearchTerm(List.copyOf(phrases));
  }

  /// Whether there is nothing to look for.
  boolean isEmpty() {
    return phrases.isEmpty();
  }

  /// Whether words are to be one after the other: it has to be looked where in a text they are.
  boolean hasPhrase() {
    return phrases.stream().anyMatch(each -> each.size() > 1);
  }

  /// The query for events that have all of it in one of these keys.
  Query in(Collection<SearchKey> keys) {
    BooleanQuery.Builder any = new BooleanQuery.Builder();
    keys.forEach(each -> any.add(in(each), Occur.SHOULD));
    return any.build();
  }

  private Query in(SearchKey key) {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    for (List<String> each : phrases) {
      Query phrase =
          each.size() == 1
              ? new TermQuery(new Term(key.key(), each.getFirst()))
              : new PhraseQuery(key.key(), each.toArray(String[]::new));
      all.add(phrase, Occur.MUST);
    }
    return all.build();
  }

  /// "List of words which should be highlighted": those of the texts that were found, as they stand
  /// there, since case and accents are not looked at.
  List<String> highlights(List<SearchText> found, SearchAnalyzer analyzer) {
    Set<String> wanted = new HashSet<>();
    phrases.forEach(wanted::addAll);
    Set<String> words = new LinkedHashSet<>();
    for (SearchText text : found) {
      for (String each : text.texts()) {
        for (SearchAnalyzer.Word word : analyzer.words(each)) {
          if (words.size() == MOST_HIGHLIGHTS) {
            return new ArrayList<>(words);
          }
          if (wanted.contains(word.term())) {
            words.add(each.substring(word.start(), word.end()));
          }
        }
      }
    }
    return new ArrayList<>(words);
  }
}
