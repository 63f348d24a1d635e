package org.hearth.server.readers.search;

import org.apache.lucene.search.CollectionStatistics;
import org.apache.lucene.search.similarities.BM25Similarity;

/// The rank of an event: how often it has the words that are looked for, and how long it is. How
/// common a word is in the index, which usually counts, too, is nobody's to know: who says a word
/// in a room of one's own could see by its rank whether others, in rooms of theirs, have said it.
///
/// So the rank of an event is the same for ever, and the pages of one search fit together whatever
/// has been said in between.
///
/// **Thread:** any.
final class OwnWordsOnly extends BM25Similarity {
  /// Words of a message, about; to which others are long or short.
  private static final float USUAL_LENGTH = 12;

  @Override
  protected float idf(long documentsWithTheWord, long documents) {
    return 1;
  }

  @Override
  protected float avgFieldLength(CollectionStatistics statistics) {
    return USUAL_LENGTH;
  }
}
