package org.hearth.server.readers.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.icu.ICUFoldingFilter;
import org.apache.lucene.analysis.icu.segmentation.DefaultICUTokenizerConfig;
import org.apache.lucene.analysis.icu.segmentation.ICUTokenizer;
import org.apache.lucene.analysis.miscellaneous.LengthFilter;
import org.apache.lucene.analysis.miscellaneous.TruncateTokenFilter;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;

/// Cuts texts into words as they are indexed and looked for: at the boundaries of the Unicode
/// Standard, in Chinese, Japanese, Korean, Thai and the like by dictionary; without case, accents
/// and other marks. There is no stemming: a room speaks any language, or several.
///
/// **Thread:** any.
final class SearchAnalyzer extends Analyzer {
  /// Of a longer word the beginning counts. It keeps every term far below Lucene's 32,766 bytes,
  /// also where folding makes eighteen letters of one.
  static final int LONGEST_WORD = 100;

  private static final String ANY_FIELD = "";

  /// A word of a text.
  ///
  /// @param term as it is indexed
  /// @param start where it begins in the text
  /// @param end where it ends, exclusive
  record Word(String term, int start, int end) {}

  @Override
  protected TokenStreamComponents createComponents(String field) {
    Tokenizer words = new ICUTokenizer(new DefaultICUTokenizerConfig(true, true));
    TokenStream folded = new ICUFoldingFilter(words);
    TokenStream cut = TruncateTokenFilter.truncateAfterChars(folded, LONGEST_WORD);
    // Folding leaves nothing of a word that is made of marks only.
    return new TokenStreamComponents(words, new LengthFilter(cut, 1, LONGEST_WORD));
  }

  /// The words of a text, in order.
  List<Word> words(String text) {
    List<Word> words = new ArrayList<>();
    try (TokenStream tokens = tokenStream(ANY_FIELD, text)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      OffsetAttribute offset = tokens.addAttribute(OffsetAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.add(new Word(term.toString(), offset.startOffset(), offset.endOffset()));
      }
      tokens.end();
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory could not be read", e);
    }
    return words;
  }
}
