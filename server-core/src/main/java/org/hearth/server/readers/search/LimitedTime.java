package org.hearth.server.readers.search;

import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.QueryTimeout;
import org.apache.lucene.search.ConstantScoreScorer;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.TwoPhaseIterator;
import org.apache.lucene.search.Weight;

/// Lets all events through until the time is over. Lucene itself looks at the time after some
/// hundred events: whether one has a phrase may take longer than all else, where it is a long one
/// and says the same word thousands of times.
///
/// **Thread:** one search's.
final class LimitedTime extends Query {
  /// The time is over.
  static final class OverException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OverException() {
      super("the time of a search is over", null, false, false);
    }
  }

  private final QueryTimeout timeout;

  LimitedTime(QueryTimeout timeout) {
    this.timeout = timeout;
  }

  @Override
  public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost) {
    return new ConstantScoreWeight(this, boost) {
      @Override
      public ScorerSupplier scorerSupplier(LeafReaderContext leaf) {
        int events = leaf.reader().maxDoc();
        Scorer scorer = new ConstantScoreScorer(score(), mode, inTime(events));
        return new ScorerSupplier() {
          @Override
          public Scorer get(long leadCost) {
            return scorer;
          }

          @Override
          public long cost() {
            return events;
          }
        };
      }

      @Override
      public boolean isCacheable(LeafReaderContext leaf) {
        return false;
      }
    };
  }

  private TwoPhaseIterator inTime(int events) {
    return new TwoPhaseIterator(DocIdSetIterator.all(events)) {
      @Override
      public boolean matches() {
        if (timeout.shouldExit()) {
          throw new OverException();
        }
        return true;
      }

      // So that it is asked before all that costs more.
      @Override
      public float matchCost() {
        return 0;
      }
    };
  }

  @Override
  public void visit(QueryVisitor visitor) {
    visitor.visitLeaf(this);
  }

  @Override
  public String toString(String field) {
    return "limited time";
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
